"""Reading a component's `options` for its kind of provisioner."""

from __future__ import annotations

from typing import Any

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.provisioner_options import (
    ACTIONS,
    ARGUMENT_CHARACTERS_MAX,
    ARGUMENTS_MAX,
    DURATION_MAX_S,
    TIME_LIMIT_DEFAULT_S,
    TIME_LIMIT_MAX_S,
    CommandOptions,
    SimulatedOptions,
)
from config.reading import Collector, Fields, entries_of
from config.yaml_tree import Broken, Mapping, Node, Scalar, Sequence


def options_read(kind: str, mapping: Mapping, component_id: str, collector: Collector) -> dict[str, Any]:
    """The options in full, defaults written out, as plain values; problems are reported."""
    fields = Fields(mapping, collector)
    options = _simulated(fields) if kind == "simulated" else _command(fields, component_id)
    fields.finish()
    # Through JSON, so that a plan read back from the journal equals the plan that was loaded.
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(options))
    return plain


def _simulated(fields: Fields) -> SimulatedOptions:
    seconds = values.integer(0, DURATION_MAX_S, "seconds")
    return SimulatedOptions(
        warm_s=fields.optional("warm_s", seconds, 0),
        activate_s=fields.optional("activate_s", seconds, 0),
        deactivate_s=fields.optional("deactivate_s", seconds, 0),
        decommission_s=fields.optional("decommission_s", seconds, 0),
        faults={key: plain_value(node) for key, node in entries_of(fields.mapping("faults"))},
    )


def _command(fields: Fields, component_id: str) -> CommandOptions:
    return CommandOptions(
        **{action: _arguments(fields, action) for action in ACTIONS},
        target=fields.optional("target", values.line_text, component_id),
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


def plain_value(node: Node) -> Any:
    """A node as lists, mappings, whole numbers, booleans and text; a decimal stays the text it was written as."""
    if isinstance(node, Mapping):
        return {key: plain_value(child) for key, child in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    if isinstance(node, Broken) or node.null:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    try:
        return values.integer(-(10**18) + 1, 10**18 - 1)(node.text)
    except ReadingError:
        return node.text
