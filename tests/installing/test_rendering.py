"""The units as they are written: paths that systemd reads back, and what a user's manager cannot do left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.installing.faults import InstallRefusedError
from daemon.installing.places import system_places, unseen_by_the_unit, user_places
from daemon.installing.rendering import NOT_FOR_USERS, UNITS, as_word, starter_settings, unit_texts

COMMAND = Path("/opt/solvent/.venv/bin/solvent")
USER = user_places({"HOME": "/srv/ana"})
SYSTEM = system_places()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/opt/solvent/bin/solvent", "/opt/solvent/bin/solvent"),
        ("/srv/my tools/solvent", '"/srv/my tools/solvent"'),
        ("/srv/100%/solvent", "/srv/100%%/solvent"),
        ("/srv/$HOME/solvent", "/srv/$$HOME/solvent"),
        ('/srv/a"b\\c/solvent', '"/srv/a\\"b\\\\c/solvent"'),
    ],
)
def test_a_path_is_one_word(path: str, expected: str) -> None:
    """Spaces are quoted, and systemd's own signs doubled."""
    assert expected == as_word(Path(path))


def test_a_path_with_a_line_break_is_refused() -> None:
    """It would begin another line of the unit."""
    with pytest.raises(InstallRefusedError, match="no unit can name"):
        as_word(Path("/srv/a\nExecStartPre=/bin/evil"))


@pytest.mark.parametrize("places", [SYSTEM, USER], ids=["system", "user"])
def test_nothing_is_left_to_fill_in(places: object) -> None:
    """No place of a template is left, and every command names the real paths."""
    texts = {**unit_texts(places, COMMAND), "solvent.toml": starter_settings(places)}  # type: ignore[arg-type]

    left = [line for text in texts.values() for line in text.splitlines() if "{" in line.replace("${", "")]
    assert [] == left
    started = [line for text in texts.values() for line in text.splitlines() if line.startswith("ExecStart=")]
    assert 3 == len(started)
    assert all(line.startswith(f"ExecStart={COMMAND} ") and "--state-dir " in line for line in started)


def test_a_user_unit_has_nothing_that_needs_privileges() -> None:
    """DynamicUser, credentials, name spaces: a user's manager would fail on them, or pass over them without a word."""
    lines = [line for text in unit_texts(USER, COMMAND).values() for line in text.splitlines()]

    assert [] == [line for line in lines if line.partition("=")[0] in NOT_FOR_USERS]
    assert {"WantedBy=default.target", "After=solvent-backup.service"} <= set(lines)
    assert not any("network-online.target" in line for line in lines)
    assert not any("credential" in line.lower() for line in lines)


def test_what_is_left_out_exists_in_the_system_units() -> None:
    """Nothing is listed as impossible for users that no unit has: the list does not outlive its lines."""
    keys = {line.partition("=")[0] for text in unit_texts(SYSTEM, COMMAND).values() for line in text.splitlines()}

    assert set() == NOT_FOR_USERS - keys


def test_a_user_service_follows_the_base_directories() -> None:
    """Units, settings and state go where the XDG variables say; relative ones count as unset."""
    named = user_places({"HOME": "/srv/ana", "XDG_CONFIG_HOME": "/srv/config", "XDG_STATE_HOME": "state"})

    assert Path("/srv/config/systemd/user") == named.units
    assert Path("/srv/config/solvent/solvent.toml") == named.settings
    assert Path("/srv/ana/.local/state/solvent") == named.state


def test_a_command_that_the_unit_cannot_see_is_told() -> None:
    """ProtectHome and PrivateTmp hide it; better said at the install than as 203/EXEC at three in the morning."""
    found = unseen_by_the_unit(
        {"the command": Path("/home") / "ana" / "solvent", "its Python": Path("/usr/bin/python3")}
    )

    assert 1 == len(found)
    assert found[0].endswith("below /home")


def test_all_services_share_one_user_and_state() -> None:
    """The journal is readable for its owner only, so the backup must be its owner."""
    for unit in (name for name in UNITS if name.endswith(".service")):
        lines = unit_texts(SYSTEM, COMMAND)[unit].splitlines()
        assert {"DynamicUser=yes", "User=solvent", "StateDirectory=solvent", "StateDirectoryMode=0700"} <= set(lines)
