"""`solvent support-bundle`: whole, readable by its owner only, and without what was planted."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from machines import events
from tests.cli.recorded import months, started, write
from tests.processes.daemon_process import PROGRAM

CUSTOMER = "cus_planted_customer"
IN_FILE = "planted-in-a-file"
IN_ENVIRONMENT = "planted-in-the-environment"
IN_PLAIN_SIGHT = "hunter2-planted"

SETTINGS = """
plan = "autobroker"
redis = "redis://solvent:{plain}@127.0.0.1:1/0"
[redis_access]
user = "solvent"
[backup]
identity = "file:{file}"
[sources.shop]
kind = "stripe"
api_key = "env:PLANTED_VARIABLE"
"""


def bundle(tmp_path: Path, *, out: str = "bundle.tar.gz") -> subprocess.CompletedProcess[str]:
    """Make a bundle of a state directory in which secrets and a customer were planted."""
    state_dir, secret, settings = tmp_path / "state", tmp_path / "identity", tmp_path / "solvent.toml"
    if not state_dir.exists():
        raw = json.dumps({"customer_id": f"hashed:{CUSTOMER[:0]}", "note": f"password={IN_PLAIN_SIGHT}"})
        rejected = events.EntryRejected("payments", "5-0", "customer_id", f"found {CUSTOMER!r}", raw)
        state_dir.mkdir(mode=0o700)
        write(state_dir, started(), months("650"), rejected, events.PauseSet(events.Pause.ALL, None, IN_FILE, "ann"))
        secret.write_text(IN_FILE + "\n")
        settings.write_text(SETTINGS.format(plain=IN_PLAIN_SIGHT, file=secret))
    arguments = ("--settings", str(settings), "--state-dir", str(state_dir), "--out", str(tmp_path / out))
    environment = {"PLANTED_VARIABLE": IN_ENVIRONMENT, "MY_TOKEN": "planted-by-name", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [PROGRAM, "support-bundle", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment,
        cwd=tmp_path,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The texts of one bundle, by name."""
    tmp_path = tmp_path_factory.mktemp("bundle")
    ran = bundle(tmp_path)
    assert 0 == ran.returncode, ran.stderr
    path = tmp_path / "bundle.tar.gz"
    assert 0o600 == path.stat().st_mode & 0o777
    with tarfile.open(path) as packed:
        texts = {each.name: packed.extractfile(each).read().decode() for each in packed}  # type: ignore[union-attr]
    return {**texts, "stdout": ran.stdout}


def test_an_engineer_finds_what_is_needed(made: dict[str, str]) -> None:
    """Versions, settings, findings, state and the newest events."""
    assert {
        "bundle/versions.json",
        "bundle/settings.json",
        "bundle/plan.json",
        "bundle/plan-in-journal.json",
        "bundle/doctor.json",
        "bundle/state.json",
        "bundle/log.jsonl",
        "bundle/state-directory.txt",
    } <= set(made)
    assert "650000000" in made["bundle/state.json"]
    assert "level_decided" in made["bundle/log.jsonl"]


@pytest.mark.parametrize("planted", [CUSTOMER, IN_FILE, IN_ENVIRONMENT, IN_PLAIN_SIGHT, "planted-by-name"])
def test_nothing_planted_is_in_it(made: dict[str, str], planted: str) -> None:
    """Secrets of a file, a variable, a URL and a reason, and a customer in a rejected entry, are all gone."""
    assert [] == [name for name, text in made.items() if planted in text]


def test_what_is_json_stays_json(made: dict[str, str]) -> None:
    """A program can read it after the secrets went."""
    for name, text in made.items():
        if name.endswith(".json"):
            json.loads(text)
        if name.endswith(".jsonl"):
            assert all(json.loads(line) for line in text.splitlines())


def test_no_payment_is_in_it(made: dict[str, str]) -> None:
    """The book of payments stays at home."""
    assert [] == [name for name, text in made.items() if '"p1"' in text]


def test_where_secrets_are_stays(made: dict[str, str]) -> None:
    """A reference is no secret, and often the mistake."""
    assert "env:PLANTED_VARIABLE" in made["bundle/settings.json"]


def test_an_existing_file_is_not_replaced(tmp_path: Path) -> None:
    """The second bundle of a name is refused, and the first one stays as it was."""
    bundle(tmp_path)
    before = (tmp_path / "bundle.tar.gz").read_bytes()
    again = bundle(tmp_path)

    assert (1, before) == (again.returncode, (tmp_path / "bundle.tar.gz").read_bytes())
    assert "name another --out" in again.stderr


def test_a_broken_journal_leaves_a_bundle(tmp_path: Path) -> None:
    """What cannot be read says so in its place: a bundle is for when things are broken."""
    bundle(tmp_path, out="first.tar.gz")
    (tmp_path / "state" / "journal.sqlite").write_bytes(b"no database")
    ran = bundle(tmp_path, out="second.tar.gz")

    assert 0 == ran.returncode, ran.stderr
    with tarfile.open(tmp_path / "second.tar.gz") as packed:
        text = packed.extractfile("second/state.json").read().decode()  # type: ignore[union-attr]
    assert text.startswith("could not be made: JournalDamagedError")
