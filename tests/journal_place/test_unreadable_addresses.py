"""An address of the journal that cannot be read: no command says anything of it, and none ends with a traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from adapters.journal_place import NotedPlace, note_place
from adapters.postgres_journal.address import NO_ADDRESS
from daemon.cli.main import main
from tests.processes.daemon_process import PROGRAM

_SECRET: Final = "Hunter2"
_PERCENT: Final = "postgresql://solvent:Hunter2%Secret@127.0.0.1:1/shop"
_AT: Final = "postgresql://solvent:Hunter2@Secret@127.0.0.1:1/shop"
_SPACE: Final = "host=127.0.0.1 password=Hunter2 Secret"
_SAID_OF_IT: Final = "journal.url does not lead to an address of PostgreSQL"
_BESIDE: Final = {
    "status": ("status",),
    "explain": ("explain", "floor"),
    "history": ("history",),
    "verify": ("verify",),
    "costs": ("costs",),
    "drift": ("drift",),
    "orphans": ("orphans",),
    "promote": ("promote",),
    "backup": ("backup",),
    "move-journal": ("move-journal", "--to", "sqlite"),
    "support-bundle": ("support-bundle", "--out", "bundle.tar.gz"),
}


@pytest.mark.parametrize("words", _BESIDE.values(), ids=_BESIDE)
def test_a_command_beside_it_says_what_is_expected(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `journal.json` leads to such an address."""
    note_place(tmp_path, NotedPlace("postgresql", "env:TEST_JOURNAL_URL", "solvent", "3fa9"))
    monkeypatch.setenv("TEST_JOURNAL_URL", _PERCENT)
    monkeypatch.setenv("SOLVENT_BACKUP__TO", str(tmp_path / "backups"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*words, "--state-dir", str(tmp_path)])
    written = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert (False, False) == (_SECRET in done.output, _SECRET.encode() in written)
    assert words[0] == "support-bundle" or (_SAID_OF_IT in done.output and done.exit_code in (1, 2)), done.output


def test_doctor_says_what_is_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one finding among others."""
    monkeypatch.setenv("TEST_JOURNAL_URL", _PERCENT)
    monkeypatch.setenv("SOLVENT_JOURNAL__URL", "env:TEST_JOURNAL_URL")
    done = CliRunner().invoke(main, ["doctor", "--plan", "autobroker", "--state-dir", str(tmp_path)])
    assert (True, False) == (_SAID_OF_IT in " ".join(done.output.split()), _SECRET in done.output), done.output


@pytest.mark.parametrize(
    ("address", "standby"),
    [(_PERCENT, ()), (_AT, ("--standby",)), (_SPACE, ("--standby",))],
    ids=["percent", "at", "space"],
)
def test_a_daemon_ends_with_the_sentence(address: str, standby: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2, the sentence, and not a word more of the address."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
    place = ("--plan", "autobroker", "--state-dir", str(tmp_path / "state"), "--redis", "redis://127.0.0.1:1")
    done = subprocess.run(
        [PROGRAM, "run", *place, "--http", "127.0.0.1:0", *standby],
        check=False,
        capture_output=True,
        text=True,
        env={**kept, "TEST_JOURNAL_URL": address, "SOLVENT_JOURNAL__URL": "env:TEST_JOURNAL_URL"},
    )
    said = done.stdout + done.stderr
    assert (2, NO_ADDRESS, False) == (done.returncode, done.stderr.strip().splitlines()[-1], _SECRET in said), said
