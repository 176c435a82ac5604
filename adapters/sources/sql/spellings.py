"""How a column of text writes its times: only where every row does so alike is the order of texts that of times."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from machines.ports.faults import Permanent

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d(?:([T ])\d\d:\d\d(?::\d\d)?)?)(\.\d+)?(Z|[+-]\d\d(?::?\d\d)?)?\Z", re.ASCII
)
_DAYS_BEFORE: Final = 2
"""Offsets reach from -12 to +14 hours: so much earlier, the date alone decides in every spelling."""


class Spelling(msgspec.Struct, frozen=True):
    """One way to write a time."""

    patterns: tuple[str, str]
    """For SQLite's GLOB: a text that matches neither is written in another way. The second has fractions."""


def spelling_of(text: Any) -> Spelling | None:
    """How a text is written, or None where it is no time, year first.

    A Z stands after every digit and after the point, so with it fractions must be of one length; all other endings
    stand before them, and order by themselves.
    """
    found = _TIME.match(text) if isinstance(text, str) else None
    if found is None or (found[3] and not found[2]):
        return None
    moment, fraction, offset = re.sub(r"\d", "[0-9]", found[1]), found[3] or "", found[4] or ""
    if offset == "Z":
        exact = moment + re.sub(r"\d", "[0-9]", fraction) + offset
        return Spelling((exact, exact))
    return Spelling((moment + offset, f"{moment}.[0-9]*{offset}"))


def require_one_spelling(column: str, texts: Iterable[Any], bound: str | None) -> None:
    """Raise `Permanent` unless all texts are written as `bound` is, or where that is None as the first of them."""
    expected, like = spelling_of(bound), bound
    for each in texts:
        spelling = spelling_of(each)
        if spelling is None:
            raise Permanent(
                f"{column} holds {str(each)[:64]!r}: expected a time, year first, such as 2026-01-31T09:00:00Z"
            )
        if like is None:
            expected, like = spelling, each
        if spelling != expected:
            raise other_spelling(column, each, like)


def other_spelling(column: str, found: Any, like: Any) -> Permanent:
    """What is said of a row that is written in another way."""
    return Permanent(
        f"{column} holds {str(found)[:64]!r} beside {str(like)[:64]!r}: texts order as times only where all have one "
        f"format and one offset, and rows would be missed. Write them alike, have the query do so "
        f"(datetime({column}) AS …, with datetime(:cursor)), and cursor_start too, or use a whole number as the cursor"
    )


def days_before(text: str) -> str:
    """A date that stands before the text, as a time and in every spelling."""
    try:
        return (date.fromisoformat(text[:10]) - timedelta(days=_DAYS_BEFORE)).isoformat()
    except (ValueError, OverflowError):
        return ""


def stray_query(query: str, column: str) -> str:
    """A query, for SQLite, for one row of another that is not written as `:exact` or `:fraction` say."""
    name = '"' + column.replace('"', '""') + '"'
    within = query.strip().removesuffix(";")
    differs = f"{name} NOT GLOB :exact AND {name} NOT GLOB :fraction"
    return f"SELECT {name} FROM (\n{within}\n) WHERE {differs} LIMIT 1"  # noqa: S608 - the operator's own query
