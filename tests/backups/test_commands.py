"""`solvent backup`, `restore` and `verify` as they are typed: what they say, and their exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from click.testing import CliRunner, Result

from adapters.backups.outcomes import read_status
from adapters.clocks import SystemClock
from adapters.state_directory import StateDirectory
from config.settings_loading import load_settings
from daemon.assembly.backups import Environment, back_up, drill
from daemon.cli.main import main
from tests.backups.places import NOW, alter, ask, names_in, write_history


class Desk:
    """A state directory, settings with encrypted backups, and a shell."""

    def __init__(self, folder: Path) -> None:
        key = pyrage.x25519.Identity.generate()
        self.folder, self.state_dir, self.backups = folder, folder / "state", folder / "backups"
        self.journal = write_history(self.state_dir)
        (folder / "age.key").write_text(f"{key}\n")
        self.settings = folder / "solvent.toml"
        self.settings.write_text(
            f'[backup]\nto = "{self.backups}"\nrecipients = ["{key.to_public()}"]\n'
            f'identity = "file:{folder}/age.key"\ndrill_limit_s = 5\n'
        )

    def type(self, *words: str) -> Result:
        """What a command answers."""
        place = ["--state-dir", str(self.state_dir), "--settings", str(self.settings)]
        return CliRunner().invoke(main, [*words, *place])

    def told(self, *words: str) -> Any:
        """What a command answers in JSON."""
        result = self.type(*words, "--format", "json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk of the test's own."""
    return Desk(tmp_path)


def test_the_way_from_a_backup_to_a_restored_journal(desk: Desk) -> None:
    """Backed up, listed, tried out, verified, taken back: each says what it did."""
    assert "kept solvent-" in desk.type("backup").stdout
    (listed,) = desk.told("backup", "list")
    assert (126, 1) == (listed["last_sequence"], listed["recipients"])
    assert f"the drill passed: {listed['name']}" in desk.type("backup", "drill").stdout
    assert "nothing is broken" in desk.type("verify", "--backup", "newest").stdout
    assert "nothing is broken" in desk.type("verify").stdout
    restored = desk.type("restore", "--replace", "--at", "2026-11-21T19:19:25Z")

    assert 0 == restored.exit_code
    assert "95 later events were left away; epoch 2" in restored.stdout
    assert "kept as journal-replaced-" in restored.stdout
    assert "verb resume" in restored.stdout
    assert "nothing is broken" in desk.type("verify").stdout
    assert "paused (all) by solvent: restored from backup" in " ".join(
        CliRunner().invoke(main, ["status", "--state-dir", str(desk.state_dir)]).stdout.split()
    )


def test_a_key_needs_no_other_program(desk: Desk) -> None:
    """The secret key goes into a private file, the public one to standard output; nothing is written over."""
    out = desk.folder / "fresh.key"
    made, again = (CliRunner().invoke(main, ["backup", "key", "--out", str(out)]) for _ in range(2))
    public, text = made.stdout.strip(), out.read_text()

    assert (0, 1, 0o600) == (made.exit_code, again.exit_code, out.stat().st_mode & 0o777)
    assert public == str(pyrage.x25519.Identity.from_str(text.splitlines()[-1]).to_public())
    assert "AGE-SECRET-KEY" not in made.output + again.output
    assert f"{out} exists already" in again.output
    assert text == out.read_text()


def test_a_drill_with_another_key_names_the_backup(desk: Desk) -> None:
    """Which backup it was that could not be read stands beside the reason."""
    desk.type("backup")
    (desk.folder / "age.key").write_text(str(pyrage.x25519.Identity.generate()))
    (listed,) = desk.told("backup", "list")
    outcome = drill(around_of(desk, drill_limit_s=60))

    assert (False, listed["name"]) == (outcome.ok, outcome.name)
    assert "for other keys" in outcome.reason


def test_a_place_that_is_a_file_is_said_so(desk: Desk) -> None:
    """Neither `File exists` nor `Not a directory` says what is wrong."""
    desk.backups.write_text("somebody's")

    assert f"{desk.backups} is a file, not a folder" in desk.type("backup").stderr
    assert f"{desk.backups} is a file, not a folder" in desk.type("backup", "list").stderr


def test_what_blocks_publication_is_a_next_step(desk: Desk) -> None:
    """A restore tells of the stream that shows later events, and what to type."""
    desk.type("backup")

    assert "redis-cli RENAME solvent:events solvent:events-before-restore" in desk.type("restore", "--replace").stdout


def test_strange_manifests_are_named_in_the_list(desk: Desk) -> None:
    """On standard error, so that programs read on."""
    desk.type("backup")
    (listed,) = desk.told("backup", "list")
    (desk.backups / f"{listed['name']}.json").write_text(json.dumps(listed | {"made_at": 10**25}))
    result = desk.type("backup", "list")

    assert 3 == result.exit_code
    assert f"{listed['name']}.json was passed over" in result.stderr


def test_json_is_for_programs(desk: Desk) -> None:
    """Each command's answer is one JSON value."""
    made = desk.told("backup")
    name = made["manifest"]["name"]

    assert [name] == [each["name"] for each in desk.told("backup", "list")]
    assert (True, name) == (desk.told("backup", "drill")["ok"], read_status(desk.state_dir).drill.name)  # type: ignore[union-attr]
    assert desk.told("verify")["whole"]
    assert name == desk.told("restore", "--replace")["manifest"]["name"]


def test_a_drill_leaves_nothing_behind(desk: Desk) -> None:
    """No scratch folder, no journal, only its outcome."""
    desk.type("backup")
    before, journal = names_in(desk.state_dir), desk.journal.read_bytes()
    desk.type("backup", "drill")

    assert before | {"drill.lock"} == names_in(desk.state_dir)
    assert journal == desk.journal.read_bytes()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("backup", "list"), 3, "there is no backup in"),
        (("backup", "drill"), 1, "the drill failed after"),
        (("restore",), 1, "exists: nothing was changed"),
        (("restore", "--replace"), 3, "there is no backup in"),
        (("restore", "--at", "yesterday"), 2, "yesterday"),
        (("verify", "--backup", "newest"), 3, "there is no backup in"),
    ],
)
def test_without_a_backup(desk: Desk, words: tuple[str, ...], code: int, told: str) -> None:
    """Each command says what is missing."""
    result = desk.type(*words)

    assert code == result.exit_code
    assert told in result.output


@pytest.mark.parametrize("words", [("backup",), ("backup", "drill"), ("verify",)])
def test_without_a_journal(desk: Desk, words: tuple[str, ...]) -> None:
    """A directory that is none of solvent's is a wrong input."""
    place = ["--state-dir", str(desk.folder / "no"), "--settings", str(desk.settings)]
    result = CliRunner().invoke(main, [*words, *place])

    assert 2 == result.exit_code
    assert "name the --state-dir of `solvent run`" in result.output
    assert not (desk.folder / "no").exists()


def test_without_a_place(desk: Desk) -> None:
    """Settings that name none say what to set."""
    desk.settings.write_text("")
    result = desk.type("backup")

    assert 1 == result.exit_code
    assert "under [backup]" in result.output


def test_bad_settings(desk: Desk) -> None:
    """Every mistake of the file is told, as `solvent run` tells it."""
    desk.settings.write_text('[backup]\nto = "s3://bucket"\nkeep_hourly = -1\n')
    result = desk.type("backup")

    assert 2 == result.exit_code
    assert "keep_hourly" in result.output


def test_beside_a_daemon_nothing_is_taken_back(desk: Desk) -> None:
    """The holder is named; a backup and a verification work beside it."""
    with StateDirectory.hold(desk.state_dir, instance="shop", since=NOW):
        assert 0 == desk.type("backup").exit_code
        assert 0 == desk.type("verify").exit_code
        result = desk.type("restore", "--replace")

    assert 2 == result.exit_code
    assert "is held by pid" in result.output


def test_a_broken_journal_ends_with_1(desk: Desk) -> None:
    """The place of the damage is told, and what to do."""
    alter(desk.journal, "UPDATE events SET actor = 'x' WHERE sequence = 5")
    result = desk.type("verify")

    assert 1 == result.exit_code
    assert "I3 at event 5" in result.stdout
    assert "solvent restore --replace" in result.stdout


def test_a_rewritten_journal_is_denied_by_its_backups(desk: Desk) -> None:
    """With the settings at hand, what backups saw is held against the journal."""
    desk.type("backup")
    for table in ("events", "economic_scaling_log", "revenue_snapshots", "payments"):
        alter(desk.journal, f"DELETE FROM {table} WHERE sequence > 120")

    assert "the journal ends before event 126" in desk.type("verify").stdout


class Slow(SystemClock):
    """A clock that is two seconds further at each look."""

    def __init__(self) -> None:
        self._at = NOW

    def wall(self) -> int:
        """The time."""
        self._at += 2_000_000
        return self._at


def around_of(desk: Desk, **changed: Any) -> Environment:
    """What the commands are made from."""
    settings = load_settings(str(desk.settings), {}, {"plan": "starter", "state_dir": str(desk.state_dir)})
    backup = msgspec.structs.replace(settings.backup, **changed)
    return Environment(msgspec.structs.replace(settings, backup=backup), {}, Slow())


def test_a_drill_that_takes_too_long_fails(desk: Desk) -> None:
    """Recovery within the limit is what is drilled."""
    back_up(around_of(desk))
    slow, quick = drill(around_of(desk, drill_limit_s=1)), drill(around_of(desk, drill_limit_s=60))

    assert (False, True) == (slow.ok, quick.ok)
    assert "backup.drill_limit_s allows 1" in slow.reason


def test_a_drill_finds_what_a_backup_took_along(desk: Desk) -> None:
    """A backup is taken of a sound chain; a payment that was deleted by hand is found by the drill."""
    alter(desk.journal, "DELETE FROM payments WHERE payment_id = 'p1'")
    back_up(around_of(desk))
    outcome = drill(around_of(desk, drill_limit_s=60))

    assert not outcome.ok
    assert "payments p1" in outcome.reason
    assert outcome == read_status(desk.state_dir).drill


def test_the_key_is_nowhere_but_in_its_file(desk: Desk) -> None:
    """Neither what commands say nor what they write holds the secret key."""
    key = (desk.folder / "age.key").read_text().strip()
    said = "".join(desk.type(*words).output for words in (("backup",), ("backup", "drill"), ("verify",)))
    files = [each for each in desk.folder.rglob("*") if each.is_file() and each.name != "age.key"]
    written = b"".join(each.read_bytes() for each in files)

    assert key not in said
    assert key.encode() not in written
    assert ask(desk.journal, "SELECT count(*) FROM events") == [(126,)]


def test_what_root_makes_belongs_to_the_daemons_user(desk: Desk) -> None:
    """A backup or a restore that somebody ran as root must not lock the service out."""
    if os.geteuid() != 0:
        pytest.skip("only root can work for another user")
    desk.backups.mkdir()
    for each in (desk.state_dir, desk.backups, desk.journal):
        os.chown(each, 65_534, 65_534)
    for words in (("backup",), ("backup", "drill"), ("verify", "--backup", "newest"), ("restore", "--replace")):
        assert 0 == desk.type(*words).exit_code

    made = [*desk.state_dir.iterdir(), *desk.backups.iterdir()]
    assert {65_534} == {each.stat().st_uid for each in made}
    assert {0o600} == {each.stat().st_mode & 0o777 for each in made}
