"""What a person is told whose journal is in PostgreSQL: the cause alone, and a way out that exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.state_directory import HeldError, StateDirectory
from config.errors import SettingsError
from config.redis_sentinel import EXPECTED
from config.settings_loading import load_settings
from daemon.cli.main import main
from daemon.doctor.redis import redis
from daemon.doctor.secrets import open_secrets
from tests.contracts.journal import SetClock

SETTINGS = """
plan = "starter"
state_dir = "{folder}/state"

[journal]
url = "env:TEST_JOURNAL_URL"
"""


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    """The settings of a machine that has not run a daemon yet."""
    path = tmp_path / "solvent.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    return path


@pytest.mark.parametrize("command", ["status", "promote"])
def test_before_the_first_start_the_journal_is_elsewhere(command: str, settings_file: Path) -> None:
    """Not missing."""
    done = CliRunner().invoke(main, [command, "--settings", str(settings_file)])
    assert done.exit_code == 2
    assert f"is in PostgreSQL (journal.url), and this machine has not run a daemon of it on {settings_file.parent}" in (
        done.output
    )


def test_a_directory_that_was_misspelled_is_told_of_as_before(tmp_path: Path) -> None:
    """Without settings nothing says that the journal is elsewhere."""
    done = CliRunner().invoke(main, ["status", "--state-dir", str(tmp_path / "nowhere")])
    assert (2, True) == (done.exit_code, "is no state directory of solvent" in done.output)


def test_import_finds_the_state_directory_of_the_settings(settings_file: Path) -> None:
    """As `status`, `explain` and `promote` do."""
    done = CliRunner().invoke(main, ["import", "payments.csv", "--settings", str(settings_file)])
    assert (3, True) == (done.exit_code, f"no daemon runs on {settings_file.parent}/state:" in done.output), done.output


def test_an_unreadable_reference_is_one_mistake() -> None:
    """It was given: nothing is missing beside `standby`."""
    given = {"plan": "starter", "standby": True, "journal.url": "postgresql://db/shop", "redis": "redis://db"}
    with pytest.raises(SettingsError) as refused:
        load_settings(None, {}, given)
    assert ["journal.url"] == [each.path.removeprefix("--") for each in refused.value.problems]


def test_sentinels_have_a_scheme_of_their_own() -> None:
    """What was meant is clear."""
    with pytest.raises(SettingsError, match="expected redis\\+sentinel://HOST:26379") as refused:
        load_settings(None, {}, {"plan": "starter", "redis": "sentinel://db/revenue"})
    assert EXPECTED in str(refused.value)


async def test_doctor_asks_a_sentinel_as_sentinels_are_asked(tmp_path: Path) -> None:
    """`redis-cli -u` knows no such address."""
    settings = load_settings(
        None, {}, {"plan": "starter", "redis": "redis+sentinel://127.0.0.1:1/shop", "state_dir": str(tmp_path)}
    )
    (found,) = await redis(settings, SetClock())
    assert ("SENTINEL masters" in found.mend, "-u ADDRESS" in found.mend) == (True, False)


@pytest.mark.parametrize(("by_daemon", "told"), [(True, "its own --state-dir"), (False, "start it again afterwards")])
def test_who_finds_a_directory_held_is_told_what_helps(by_daemon: bool, told: str, tmp_path: Path) -> None:
    """A directory of its own helps a second daemon, and no move and no restore."""
    with StateDirectory.hold(tmp_path, instance="shop", since=1), pytest.raises(HeldError, match=told):
        StateDirectory.hold(tmp_path, instance="shop", since=1, by_daemon=by_daemon)


@pytest.mark.parametrize(("mode", "told"), [(0o644, 1), (0o640, 0), (0o600, 0)])
def test_a_secret_that_others_may_read_is_told_of(mode: int, told: int, tmp_path: Path) -> None:
    """A daemon goes on with it, and says so."""
    path = tmp_path / "journal-url"
    path.write_text("postgresql://db/shop")
    os.chmod(path, mode)  # noqa: PTH101 - as an operator does
    settings = load_settings(None, {}, {"plan": "starter", "journal.url": f"file:{path}"})
    assert told == len(list(open_secrets(settings)))
