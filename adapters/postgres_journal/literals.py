"""Statements with their values written in, so that a whole transaction is one message.

A transaction that arrives in pieces would stay open, with its locks, when its daemon stands still between two of them.
A message is carried out only when all of it is there. Sessions have `standard_conforming_strings` on and UTF-8, so that
a text has one character to care for: the quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

_INTEGER_MAX: Final = (1 << 63) - 1
_NUL: Final = "\x00"
"""PostgreSQL's texts hold none: it is stored as the mark and 0, the mark itself as the mark and 1."""
_MARK: Final = "\ue000"
"""Of the private use area: no text of ours has it, and a stranger's text may."""
ARRAY_ROWS_MIN: Final = 32
"""From so many rows on, a column is one constant for the parser instead of one a row: 1.4 times as fast."""
_VALUES: Final = re.compile(r"VALUES \(\?(?:, \?)*\)")


def literal(value: Any) -> str:
    """One value as PostgreSQL reads it; raises `OverflowError`, `TypeError` and `UnicodeEncodeError`."""
    kind = type(value)
    if kind is str:
        text: str = storable(value)
        return "'" + text.replace("'", "''") + "'"
    if kind is int:
        if not -_INTEGER_MAX - 1 <= value <= _INTEGER_MAX:
            raise OverflowError(f"the number {value} has more than 64 bits")
        return str(value)
    if kind is bytes:
        return f"'\\x{value.hex()}'"
    if value is None:
        return "NULL"
    raise TypeError(f"a value of type {kind.__name__} cannot be stored")


def storable(value: Any) -> Any:
    """A value as PostgreSQL can hold it; `understood` gives it back."""
    if type(value) is str and (_NUL in value or _MARK in value):
        return value.replace(_MARK, _MARK + "1").replace(_NUL, _MARK + "0")
    return value


def understood(value: Any) -> Any:
    """A stored value as it was before `literal`."""
    if type(value) is str and _MARK in value:
        return value.replace(_MARK + "0", _NUL).replace(_MARK + "1", _MARK)
    return value


def bound(statement: str, values: Sequence[Any]) -> str:
    """The statement with each `?` replaced by its value. No statement of ours holds a `?` that is anything else."""
    if not values:
        return statement
    parts = statement.split("?")
    assert len(parts) == len(values) + 1
    return parts[0] + "".join(literal(value) + part for value, part in zip(values, parts[1:], strict=True))


def bound_rows(statement: str, rows: Iterable[Sequence[Any]]) -> str:
    """An `INSERT … VALUES (?, …)` with all rows at once; empty for no rows."""
    found = _VALUES.search(statement)
    assert found is not None
    listed = list(rows)
    if not listed:
        return ""
    arrays = _arrays(listed) if len(listed) >= ARRAY_ROWS_MIN else None
    if arrays is None:
        given = "VALUES " + ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in listed)
    else:
        given = f"SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608 - literals
    return f"{statement[: found.start()]}{given}{statement[found.end() :]}"


def _arrays(rows: Sequence[Sequence[Any]]) -> list[str] | None:
    """Each column as one constant; None where a column holds nothing but NULL, for then its type is not known."""
    arrays = []
    for column in zip(*rows, strict=True):
        kinds = {type(value) for value in column if value is not None}
        kind = kinds.pop() if len(kinds) == 1 else None
        if kind not in _ELEMENTS:
            return None
        name, element = _ELEMENTS[kind]
        listed = ",".join("NULL" if value is None else element(value) for value in column)
        arrays.append(f"'{{{listed}}}'::{name}[]")
    return arrays


def _text_element(value: str) -> str:
    text: str = storable(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''") + '"'


_ELEMENTS: Final[dict[type | None, tuple[str, Callable[[Any], str]]]] = {
    int: ("bigint", literal),
    str: ("text", _text_element),
    bytes: ("bytea", lambda value: f'"\\\\x{value.hex()}"'),
}
