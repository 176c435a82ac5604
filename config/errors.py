"""What is wrong with something an operator wrote: every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

PROBLEMS_MAX: Final = 1_000
"""More than anybody mends in one go; a file with more is no plan at all."""
FOUND_CHARACTERS_MAX: Final = 60


class Problem(msgspec.Struct, frozen=True):
    """One mistake: where it stands, what was expected there and what was found."""

    file: str
    """The file as it was named, or the origin of a value: `--set`, `environment`, `command line`."""
    line: int | None
    """Counted from 1; None where the origin has no lines."""
    path: str
    """The key's path, `levels.level_1.trigger.at_least`; empty for the whole file."""
    expected: str
    found: str

    @property
    def text(self) -> str:
        """`plans/shop.yaml:12: levels.level_1.trigger.at_least: expected a decimal amount, found 'abc'`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        path = f"{self.path}: " if self.path else ""
        return f"{place}: {path}expected {self.expected}, found {self.found}"


class ProblemsError(Exception):
    """Carries every problem of what was read, sorted by file and line; its text has one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Sort the problems, each kept once."""
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_place))
        super().__init__("\n".join(problem.text for problem in self.problems))


class PlanError(ProblemsError):
    """A plan, or an override of one, that cannot be used."""


class SettingsError(ProblemsError):
    """Settings that cannot be used."""


class ReadingError(ValueError):
    """One value that cannot be read; whoever knows its place makes a `Problem` of it."""

    def __init__(self, expected: str, found: str) -> None:
        """Keep both halves of the message."""
        self.expected = expected
        self.found = found
        super().__init__(f"expected {expected}, found {found}")


def shown(text: str) -> str:
    """A value as a message shows it: quoted, with its control characters escaped, cut where it is long."""
    return repr(text if len(text) <= FOUND_CHARACTERS_MAX else text[:FOUND_CHARACTERS_MAX] + "…")


def printable(text: str) -> str:
    """A text of somebody else's within a message: its control characters escaped, neither quoted nor cut."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _place(problem: Problem) -> tuple[bool, str, int, str]:
    # Origins without lines come last: the file is mended first.
    return problem.line is None, problem.file, problem.line or 0, problem.path
