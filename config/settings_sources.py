"""Where settings come from: a TOML file, `SOLVENT_…` variables, the command line; each as values by dotted key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from config.errors import Problem, shown
from config.redis_address import without_secret
from config.suggestions import did_you_mean

ENVIRONMENT_PREFIX: Final = "SOLVENT_"
SETTINGS_VARIABLE: Final = "SOLVENT_SETTINGS"
"""Names the settings file itself, for commands beside the daemon; no setting."""
COMMAND_LINE: Final = "command line"
SCRIPT_VARIABLES: Final = (
    "SOLVENT_STEP",
    "SOLVENT_COMPONENT",
    "SOLVENT_TARGET",
    "SOLVENT_TOKEN",
    "SOLVENT_GENERATION",
    "SOLVENT_FENCING",
    "SOLVENT_DEADLINE",
)
"""What a `command` provisioner's program finds in its environment besides `SOLVENT_PLAN`: such a program may call
`solvent` itself, so these are no settings, and no mistakes."""
SETTINGS_BYTES_MAX: Final = 256 * 1024
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_TOML_LINE: Final = re.compile(r"at line (\d+)")
_TOML_TABLE: Final = re.compile(r"\s*\[\s*([A-Za-z0-9_.\s-]+?)\s*\]")
_TOML_KEY: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\.\s*([A-Za-z0-9_-]+)\s*)?=")


class Given(msgspec.Struct, frozen=True):
    """One value that somebody gave for a setting."""

    value: Any
    origin: str
    line: int | None
    name: str
    """The setting as it was written there: `kernel.ask_timeout_s`, `SOLVENT_KERNEL__ASK_TIMEOUT_S`."""
    text: bool
    """Whether the value is text that stands for another type."""

    def problem(self, expected: str, found: str) -> Problem:
        """A problem with this value."""
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else shown(without_secret(self.name))
        return Problem(self.origin, self.line, name, expected, found)


Source = tuple[dict[str, Given], list[Problem]]
"""Values by dotted key, known or not, and the problems of the source itself."""


def from_toml(path: str | None) -> Source:
    """The values of a settings file, `[group]` tables flattened to `group.key`."""
    if path is None:
        return {}, []
    try:
        with Path(path).open("rb") as file:
            data = file.read(SETTINGS_BYTES_MAX + 1)
        if len(data) > SETTINGS_BYTES_MAX:
            return {}, [Problem(path, None, "", f"at most {SETTINGS_BYTES_MAX} bytes", "a longer file")]
        text = data.decode("utf-8")
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_LINE.search(str(error))
        line = int(match[1]) if match else None
        return {}, [Problem(path, line, "", "TOML", f"text that is none ({error})")]
    except UnicodeDecodeError as error:
        return {}, [Problem(path, data.count(b"\n", 0, error.start) + 1, "", "text in UTF-8", "other bytes")]
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return {}, [Problem(path, None, "", "a settings file that can be read", reason)]
    lines = _toml_lines(text)
    flat = dict(_flattened(tables))
    return {key: Given(value, path, lines.get(key), key, text=False) for key, value in flat.items()}, []


def from_environment(environ: Mapping[str, str], known: Mapping[str, Any]) -> Source:
    """The values of every `SOLVENT_…` variable: `SOLVENT_REDIS`, `SOLVENT_KERNEL__ASK_TIMEOUT_S`."""
    names = {variable_name(key): key for key in known}
    values: dict[str, Given] = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in (*SCRIPT_VARIABLES, SETTINGS_VARIABLE):
            continue
        if name in names:
            values[names[name]] = Given(environ[name], "environment", None, name, text=True)
        else:
            found = f"the unknown variable {shown(without_secret(name))}{did_you_mean(name, names)}"
            problems.append(Problem("environment", None, "", "only variables that name a setting", found))
    return values, problems


def from_command_line(given: Mapping[str, object]) -> Source:
    """The values of the command line by dotted key; None is an option that was not given."""
    return {
        key: Given(value, COMMAND_LINE, None, key, text=isinstance(value, str))
        for key, value in given.items()
        if value is not None
    }, []


def variable_name(key: str) -> str:
    """The environment variable of a setting: `kernel.ask_timeout_s` is `SOLVENT_KERNEL__ASK_TIMEOUT_S`."""
    return ENVIRONMENT_PREFIX + key.replace(".", "__").upper()


def _flattened(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in tables.items():
        if isinstance(value, dict):
            flat += [(f"{key}.{inner}", each) for inner, each in value.items()] or [(key, value)]
        else:
            flat.append((key, value))
    return flat


def _toml_lines(text: str) -> dict[str, int]:
    """The line of each key, as far as a look at single lines can tell; tomllib keeps none."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TOML_TABLE.match(line):
            table = f"{header[1]}."
            lines.setdefault(header[1], number)
        elif entry := _TOML_KEY.match(line):
            lines.setdefault(table + (f"{entry[1]}.{entry[2]}" if entry[2] else entry[1]), number)
    return lines
