"""The files of `systemd/` with the real paths in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from daemon.installing.faults import InstallRefusedError
from daemon.installing.places import SETTINGS_NAME, Places

UNITS: Final = (
    "solvent.service",
    "solvent-backup.service",
    "solvent-backup.timer",
    "solvent-drill.service",
    "solvent-drill.timer",
)
ENABLED: Final = ("solvent.service", "solvent-backup.timer", "solvent-drill.timer")
"""What is enabled; the two services are started by their timers."""
NOT_FOR_USERS: Final = frozenset(
    {
        "AmbientCapabilities",
        "CapabilityBoundingSet",
        "DynamicUser",
        "LoadCredential",
        "PrivateDevices",
        "PrivateTmp",
        "PrivateUsers",
        "ProtectClock",
        "ProtectControlGroups",
        "ProtectHome",
        "ProtectHostname",
        "ProtectKernelLogs",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "ProtectProc",
        "ProtectSystem",
        "RemoveIPC",
        "StateDirectory",
        "StateDirectoryMode",
        "User",
    }
)
"""What a user's service manager cannot do, for it has no privileges."""
SYSTEM_UNIT: Final = "network-online.target"
"""A unit that a user's manager does not know."""
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,@=")


def unit_texts(places: Places, command: Path) -> Mapping[str, str]:
    """Each unit's text by name. Raises `InstallRefusedError` for a path that no unit can name."""
    settings = f"${{CREDENTIALS_DIRECTORY}}/{SETTINGS_NAME}"
    values = {
        "command": as_word(command),
        "state": as_word(places.state),
        "settings": _in_value(places.settings),
        "settings_read": as_word(places.settings) if places.user else settings,
        "target": "default.target" if places.user else "multi-user.target",
        "hardening": _template("hardening.conf").rstrip("\n"),
    }
    return {name: _rendered(_template(name), values, user=places.user) for name in UNITS}


def starter_settings(places: Places) -> str:
    """The settings file of somebody who has none yet."""
    if places.user:
        secrets = "file:/PATH of a file that only you can read, or env:NAME."
        example, restart = "file:/PATH/backup-identity", "systemctl --user restart solvent"
    else:
        secrets = "credential:NAME, loaded by a drop-in (`systemctl edit solvent`): LoadCredential=NAME:/PATH."
        example, restart = "credential:backup-identity", "systemctl restart solvent"
    values = {"state": str(places.state), "secrets": secrets, "secret_example": example, "restart": restart}
    return _filled(_template(SETTINGS_NAME), values)


def as_word(path: Path) -> str:
    """A path as one word of a command in a unit: `%` and `$` doubled, quoted where it has to be."""
    text = _in_value(path).replace("$", "$$")
    if set(text) <= _PLAIN | {"%", "$"}:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _in_value(path: Path) -> str:
    text = str(path)
    if not text.isprintable():
        raise InstallRefusedError(f"no unit can name {text!r}: choose a path of printable characters")
    return text.replace("%", "%%")


def _rendered(text: str, values: Mapping[str, str], *, user: bool) -> str:
    filled = _filled(text, values)
    return _for_users(filled) if user else filled


def _for_users(text: str) -> str:
    """Without what a user's manager cannot do, and without the comments that stand right above it."""
    kept: list[str] = []
    comments: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comments.append(line)
        elif line.partition("=")[0] in NOT_FOR_USERS or SYSTEM_UNIT in line:
            comments.clear()
        elif line or comments or (kept and kept[-1]):
            kept += [*comments, line]
            comments.clear()
    return "\n".join(kept) + "\n"


def _filled(text: str, values: Mapping[str, str]) -> str:
    """In one pass: what a value has in it is not filled again."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _template(name: str) -> str:
    return (_folder() / name).read_text(encoding="utf-8")


def _folder() -> Traversable:
    """In the wheel beside this module; in the source tree at its top."""
    shipped = files("daemon.installing") / "units"
    return shipped if shipped.is_dir() else Path(__file__).resolve().parents[2] / "systemd"
