"""Reading a mapping's keys into typed values while every problem is collected instead of raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from config.errors import PROBLEMS_MAX, Problem, ReadingError, shown
from config.suggestions import did_you_mean, one_of_text
from config.yaml_tree import Broken, Mapping, Node, Place, Scalar, Sequence, kind_text

T = TypeVar("T")
D = TypeVar("D")
Parse = Callable[[str], T]
"""Makes a value of a scalar's text; raises `ReadingError`."""

SUGGESTIONS_MAX: Final = 50
NOT_YET: Final = "solvent 0.1 does not execute it yet, so a plan may not rely on it"


class Collector:
    """The problems found so far, at most `PROBLEMS_MAX`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def report(self, place: Place, expected: str, found: str) -> None:
        """Add one problem."""
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(place.problem(expected, found))

    def near(self, word: str, known: Iterable[str]) -> str:
        """The nearest known word as a suggestion; after many problems none, since comparing takes its time."""
        return did_you_mean(word, known) if len(self.problems) < SUGGESTIONS_MAX else ""

    def parsed(self, node: Node, parse: Parse[T]) -> T | None:
        """The scalar's value; None where there is none, with its problem reported."""
        if isinstance(node, Broken):
            return None
        try:
            if isinstance(node, Scalar) and not node.null:
                return parse(node.text)
        except ReadingError as error:
            self.report(node.place, error.expected, error.found)
            return None
        self.report(node.place, expected_by(parse), kind_text(node))
        return None


class Fields:
    """The keys of one mapping. Each is asked for once; `finish` reports the ones nobody asked for."""

    def __init__(self, node: Mapping, collector: Collector) -> None:
        self.place = node.place
        self.collector = collector
        self._entries = node.entries
        self._asked: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the key was written."""
        return key in self._entries

    def place_of(self, key: str) -> Place:
        """Where the key stands, or would stand."""
        node = self._entries.get(key)
        return node.place if node is not None else self.place.under(key)

    def node(self, key: str) -> Node | None:
        """The key's node as it is; None where it is absent."""
        self._asked.add(key)
        return self._entries.get(key)

    def required(self, key: str, parse: Parse[T]) -> T | None:
        """The key's value; None where it is missing or wrong, with its problem reported."""
        node = self.node(key)
        if node is not None:
            return self.collector.parsed(node, parse)
        self.collector.report(self.place_of(key), expected_by(parse), "no such key")
        return None

    def optional(self, key: str, parse: Parse[T], default: D) -> T | D:
        """The key's value; the default where it is absent, and where it is wrong with its problem reported."""
        node = self.node(key)
        if node is None:
            return default
        value = self.collector.parsed(node, parse)
        return default if value is None else value

    def mapping(self, key: str, *, required: bool = False) -> Mapping | None:
        """The mapping under a key; None where it is absent, empty or wrong."""
        node = self.node(key)
        if node is None:
            if required:
                self.collector.report(self.place_of(key), "a mapping", "no such key")
            return None
        return mapping_of(node, self.collector)

    def items(self, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """The nodes of the list under a key; none where it is absent or wrong."""
        node = self.node(key)
        if node is None:
            if required:
                self.collector.report(self.place_of(key), "a list", "no such key")
            return ()
        if isinstance(node, Sequence):
            return node.items
        if not isinstance(node, Broken):
            self.collector.report(node.place, "a list", kind_text(node))
        return ()

    def texts(self, key: str, parse: Parse[str], *, required: bool = False) -> tuple[tuple[str, Place], ...]:
        """The texts of a list with their places, each once; a second mention is a problem."""
        found: dict[str, Place] = {}
        for item in self.items(key, required=required):
            text = self.collector.parsed(item, parse)
            if text is None:
                continue
            if text in found:
                self.collector.report(item.place, "each entry once", f"{shown(text)} a second time")
            found.setdefault(text, item.place)
        return tuple(found.items())

    def refuse(self, *keys: str) -> None:
        """Refuse keys of which solvent knows the meaning but that it does not execute yet."""
        for key in keys:
            if self.node(key) is not None:
                self.collector.report(self.place_of(key), "only what solvent executes", f"{key}: {NOT_YET}")

    def finish(self) -> None:
        """Report every key that nobody asked for."""
        for key, node in self._entries.items():
            if key not in self._asked:
                expected = one_of_text(sorted(self._asked))
                suggestion = self.collector.near(key, self._asked)
                self.collector.report(node.place, expected, f"the unknown key {shown(key)}{suggestion}")


def expected_by(parse: Parse[T]) -> str:
    """What a parser expects, in the words it uses itself for a text that is never right."""
    try:
        parse("\x00")
    except ReadingError as error:
        return error.expected
    return "a value"


def mapping_of(node: Node, collector: Collector) -> Mapping | None:
    """The node as a mapping; an empty one where nothing was written; None with a problem for anything else."""
    if isinstance(node, Mapping):
        return node
    if isinstance(node, Scalar) and node.null:
        return Mapping(node.place, {})
    if not isinstance(node, Broken):
        collector.report(node.place, "a mapping", kind_text(node))
    return None


def entries_of(mapping: Mapping | None) -> Iterator[tuple[str, Node]]:
    """The mapping's keys and nodes; none of none."""
    return iter(mapping.entries.items() if mapping is not None else ())
