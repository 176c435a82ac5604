"""Options of an operator's own programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.provisioner_options.actions import ACTIONS
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields
from config.yaml_tree import Broken, Scalar, Sequence

TIME_LIMIT_DEFAULT_S: Final = 300
TIME_LIMIT_MAX_S: Final = 3_600
ARGUMENTS_MAX: Final = 64
ARGUMENT_CHARACTERS_MAX: Final = 4_096


class CommandOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator's own programs, each a list of arguments that is run without a shell."""

    observe: tuple[str, ...]
    """Prints one JSON object: state, tokens, units, cost if known."""
    warm: tuple[str, ...]
    activate: tuple[str, ...]
    deactivate: tuple[str, ...]
    decommission: tuple[str, ...]
    target: str
    """What the programs act on; the component's id where the plan names nothing else."""
    time_limit_s: int = TIME_LIMIT_DEFAULT_S
    """How long one program may run; what ended by it is ambiguous. Five minutes: longer than most calls, far
    shorter than a step's deadline."""
    working_directory: str | None = None
    """An absolute path; None is the daemon's own working directory."""


def command_options(options: Mapping[str, Any]) -> CommandOptions:
    """The options of a loaded plan's `command` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), CommandOptions)


def _read(fields: Fields, context: Context) -> CommandOptions:
    return CommandOptions(
        **{action: _arguments(fields, action) for action in ACTIONS},
        target=fields.optional("target", values.line_text, context.component_id),
        time_limit_s=fields.optional(
            "time_limit_s", values.integer(1, TIME_LIMIT_MAX_S, "seconds"), TIME_LIMIT_DEFAULT_S
        ),
        working_directory=fields.optional(
            "working_directory", values.matching(r"/[^\x00-\x1f]{0,1023}", "an absolute path"), None
        ),
    )


def _arguments(fields: Fields, action: str) -> tuple[str, ...]:
    """The program and its arguments; a text instead of a list is refused, since no shell will split it."""
    node = fields.node(action)
    if isinstance(node, Broken):
        return ()
    items = node.items if isinstance(node, Sequence) else ()
    if not 0 < len(items) <= ARGUMENTS_MAX:
        found = "no such key" if node is None else f"{len(items)} of them"
        if isinstance(node, Scalar):
            found = "nothing" if node.null else shown(node.text)
        expected = f'a program and its arguments as a list, such as ["./switch", "{action}"], at most {ARGUMENTS_MAX}'
        fields.collector.report(fields.place_of(action), expected, found)
    arguments = [
        fields.collector.parsed(item, _program if index == 0 else _argument) for index, item in enumerate(items)
    ]
    return tuple(argument for argument in arguments if argument is not None)


def _argument(text: str) -> str:
    if len(text) > ARGUMENT_CHARACTERS_MAX or "\x00" in text:
        raise ReadingError(f"an argument of at most {ARGUMENT_CHARACTERS_MAX} characters", shown(text))
    return text


def _program(text: str) -> str:
    if not text.strip():
        raise ReadingError("a program's name or path", shown(text))
    return _argument(text)


KIND: Final = OptionsKind(_read, place=("target",))
