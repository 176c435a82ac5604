"""The small facts of a journal, in its table `meta`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.journal_rows.statements import Statements

_Value = str | int | bytes


def _bytes_of(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


_OF_TEXT: Final[Mapping[str, Callable[[str], _Value]]] = {
    "epoch": int,
    "schema_version": int,
    "writer": int,
    "customer_key": _bytes_of,
    "anchor_sequence": int,
    "anchor_hash": _bytes_of,
    "anchor_recorded_at": int,
}
"""A column of SQLite holds values of any kind; elsewhere the value is text, and these are what it stands for."""


def meta(connection: Statements, key: str) -> _Value | None:
    """A small fact; None where it was never set."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    value: _Value = row[0]
    return _OF_TEXT[key](value) if isinstance(value, str) and key in _OF_TEXT else value


def set_meta(connection: Statements, key: str, value: _Value) -> None:
    """Set a small fact within the running transaction."""
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )
