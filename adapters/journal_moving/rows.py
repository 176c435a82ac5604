"""The tables of a journal as both stores have them, and a tally that tells whether all rows arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from hashlib import sha256
from typing import Any, Final

import msgspec

from adapters.sqlite_journal.schema import create_tables

Row = tuple[Any, ...]
Progress = Callable[[str, int, int], None]
"""Told now and then: the table, its rows that were copied, and how many there are."""
PROGRESS_ROWS: Final = 100_000
META: Final = "meta"
EVENTS: Final = "events"
SNAPSHOTS: Final = "snapshots"
_POSTGRES_TYPES: Final = {"INTEGER": "int8", "TEXT": "text", "BLOB": "bytea"}
_ENCODER: Final = msgspec.msgpack.Encoder()
_MODULUS: Final = 1 << 256


class Table(msgspec.Struct, frozen=True):
    """One table: its columns in the order of the file, and their types in PostgreSQL."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The columns for a statement."""
        return ", ".join(self.columns)


class Tally(msgspec.Struct):
    """How many rows there are and what they add up to, in whatever order they come."""

    rows: int = 0
    total: int = 0

    def counted(self, rows: Iterable[Row], told: Callable[[int], None] = lambda _rows: None) -> Iterator[Row]:
        """The rows as they come."""
        for row in rows:
            self.rows += 1
            self.total = (self.total + int.from_bytes(sha256(_ENCODER.encode(row)).digest())) % _MODULUS
            if self.rows % PROGRESS_ROWS == 0:
                told(self.rows)
            yield row


@cache
def tables() -> Mapping[str, Table]:
    """All tables of a journal but `meta`, whose values are of several types."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create_tables(connection, "", b"")
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _table(connection, name) for name in names if name != META}


def _table(connection: sqlite3.Connection, name: str) -> Table:
    found = connection.execute("SELECT name, type FROM pragma_table_info(?)", (name,)).fetchall()
    return Table(name, tuple(each for each, _ in found), tuple(_POSTGRES_TYPES[kind] for _, kind in found))


def silent(_table: str, _rows: int, _of: int) -> None:
    """Tell nobody."""
