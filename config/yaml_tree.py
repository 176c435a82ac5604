"""YAML as a tree whose every node keeps its file, its line, its path and its scalar text.

Nothing is converted here: `10.10` stays the text `10.10`, so that money never passes through a float, and `off`
stays `off`, so that the reader of a key decides what its words mean.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
import yaml

from config.errors import Problem, shown
from config.yaml_composing import LimitedLoader

PLAN_BYTES_MAX: Final = 512 * 1024
"""Some three thousand components; PyYAML needs seconds for it."""
NODES_MAX: Final = 50_000
"""Counted after aliases are followed: a file of nested aliases is small and its tree is not."""
DEPTH_MAX: Final = 32
ALIASES_MAX: Final = 100

_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_STANDARD_TAG: Final = re.compile(r"tag:yaml\.org,2002:(str|int|float|bool|null|timestamp|map|seq|merge|value)")
_UNUSABLE: Final = re.compile("[\ud800-\udfff\x00]")
# PyYAML lets these escape from its scanner: chr() of an escape beyond Unicode, int() of an endless directive.
_ESCAPING_ERRORS: Final = (ValueError, OverflowError, LookupError, AssertionError)


class Place(msgspec.Struct, frozen=True):
    """Where a node stands."""

    file: str
    line: int | None
    path: str

    def problem(self, expected: str, found: str) -> Problem:
        """A problem at this place."""
        return Problem(file=self.file, line=self.line, path=self.path, expected=expected, found=found)

    def under(self, key: str, line: int | None = None) -> Place:
        """The place of a key below this one, on `line` where it is known."""
        name = key if _PLAIN_KEY.fullmatch(key) else shown(key)
        return Place(self.file, line or self.line, f"{self.path}.{name}" if self.path else name)


class Scalar(msgspec.Struct, frozen=True):
    """One value, as it was written."""

    place: Place
    text: str
    null: bool = False
    """Whether the value was left out, or written as `null` or `~`."""


class Sequence(msgspec.Struct, frozen=True):
    """A list of nodes."""

    place: Place
    items: tuple[Node, ...]


class Mapping(msgspec.Struct, frozen=True):
    """Nodes by key, in file order."""

    place: Place
    entries: dict[str, Node]


class Broken(msgspec.Struct, frozen=True):
    """A value whose problem is already known: a reader passes over it in silence."""

    place: Place


Node = Scalar | Sequence | Mapping | Broken


def kind_text(node: Node) -> str:
    """The node as a message shows it."""
    if isinstance(node, Scalar):
        return "nothing" if node.null else shown(node.text)
    if isinstance(node, Broken):
        return "a value that cannot be read"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def tree_from_bytes(data: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """The tree that the bytes hold, None where they hold none, and every problem found on the way. Never raises."""
    start = Place(file, 1, "")
    if len(data) > PLAN_BYTES_MAX:
        return None, [start.problem(f"at most {PLAN_BYTES_MAX} bytes", f"{len(data)} bytes or more")]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02x}"
        return None, [Place(file, line, "").problem("text in UTF-8", found)]
    return tree_from_text(text, file)


def tree_from_text(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """As `tree_from_bytes`, for a text."""
    try:
        root = LimitedLoader.compose_text(text, depth_max=DEPTH_MAX, aliases_max=ALIASES_MAX)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return None, [Place(file, line, "").problem("printable text", shown(chr(error.character)))]
    except yaml.MarkedYAMLError as error:
        return None, [_syntax_problem(error, file)]
    except (yaml.YAMLError, *_ESCAPING_ERRORS) as error:
        return None, [Place(file, None, "").problem("YAML", f"text that cannot be read ({error})")]
    if root is None:
        return None, [Place(file, 1, "").problem("a plan", "an empty file")]
    growing = _Growing(file)
    tree = growing.node(root, Place(file, root.start_mark.line + 1, ""))
    return (None if growing.overgrown else tree), growing.problems


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = None if mark is None else mark.line + 1
    found = (error.problem or "text that is no YAML").replace("\n", " ").removeprefix("found ")
    expected = "YAML"
    if "\\t" in found:
        expected = "YAML, indented with spaces (never with tabs)"
    elif "single document" in (error.context or ""):
        expected, found = "one YAML document", "a second one"
    context = f" {error.context}" if error.context and "single document" not in error.context else ""
    return Place(file, line, "").problem(expected, found + context)


class _Growing:
    """Turns PyYAML's nodes into a tree, with a limit on how large it may become."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0
        self.overgrown = False

    def node(self, node: yaml.Node, place: Place, depth: int = 0) -> Node:
        """The tree below one node."""
        self.count += 1
        if self.overgrown:
            return Broken(place)
        if self.count > NODES_MAX or depth > DEPTH_MAX:
            self.overgrown = True
            limit = f"at most {NODES_MAX} values, at most {DEPTH_MAX} deep"
            self.problems.append(place.problem(limit, "more, counted with every alias followed"))
            return Broken(place)
        if not _STANDARD_TAG.fullmatch(node.tag):
            self.problems.append(place.problem("a value without a tag", f"the tag {shown(node.tag)}"))
            return Broken(place)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, place, depth)
        return self._mapping(node, place, depth)

    def _scalar(self, node: yaml.ScalarNode, place: Place) -> Scalar | Broken:
        if _UNUSABLE.search(node.value):
            self.problems.append(place.problem("text of whole characters", shown(node.value)))
            return Broken(place)
        return Scalar(place, node.value, null=node.tag.endswith(":null"))

    def _sequence(self, node: yaml.SequenceNode, place: Place, depth: int) -> Sequence:
        items = [
            self.node(child, place.under(_item_name(child, index), child.start_mark.line + 1), depth + 1)
            for index, child in enumerate(node.value)
        ]
        return Sequence(place, tuple(items))

    def _mapping(self, node: yaml.Node, place: Place, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Place(place.file, line, place.path).problem("a word as key", "a list or mapping"))
                continue
            key = key_node.value
            child_place = place.under(key, line)
            if key in lines:
                found = f"it a second time (first on line {lines[key]})"
                self.problems.append(child_place.problem("each key once", found))
                continue
            lines[key] = line
            entries[key] = self.node(value_node, child_place, depth + 1)
        return Mapping(place, entries)


def _item_name(node: yaml.Node, index: int) -> str:
    """What a list's item is called in a path: its `id` where it has one, else its number from 0."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if getattr(key, "value", None) == "id" and isinstance(value, yaml.ScalarNode) and value.value:
                return str(value.value)
    return str(index)
