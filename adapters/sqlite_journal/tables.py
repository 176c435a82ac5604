"""Holding the tables for people against what the events say: everything is projected again, elsewhere, and compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from adapters.journal_rows.definitions import PROJECTION_TABLES
from adapters.journal_rows.projections import project
from machines.events import Recorded
from machines.ports.examination import Fault

FAULTS_MAX: Final = 20
"""Per table: the first ones tell the story."""
BATCH_EVENTS: Final = 1_000
_KEYS: Final = {
    "revenue_snapshots": ("sequence",),
    "economic_scaling_log": ("sequence",),
    "revenue_threshold_config": ("sequence", "level"),
    "component_activation_states": ("component",),
}
_BY_COMPONENT: Final = "component_activation_states"


class ProjectedAgain:
    """The tables as the events give them, in a database of its own that SQLite keeps in a temporary file."""

    def __init__(self, connection: sqlite3.Connection, dropped_before: int) -> None:
        """Rows of events that retention dropped are taken as they are: nothing is left to hold them against."""
        self._connection = connection
        self._dropped_before = dropped_before
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute("BEGIN")
        self._waiting: list[Recorded] = []
        self._unreadable: list[Fault] = []
        for statement in PROJECTION_TABLES:
            self._scratch.execute(statement)
        for table in _KEYS:
            if dropped_before and table != _BY_COMPONENT:
                self._take_old_rows(table)

    def hear(self, recorded: Recorded) -> None:
        """Project one more event."""
        self._waiting.append(recorded)
        if len(self._waiting) >= BATCH_EVENTS:
            self._project()

    def faults(self, last_sequence: int) -> list[Fault]:
        """Where the tables differ; may be asked once, at the end."""
        del last_sequence
        self._project()
        found = list(self._unreadable)
        for table in _KEYS:
            if self._dropped_before and table == _BY_COMPONENT:
                continue
            found += islice(self._differing(table), FAULTS_MAX)
        self._scratch.close()
        return found

    def _project(self) -> None:
        project(self._scratch, self._waiting)
        self._waiting.clear()

    def _take_old_rows(self, table: str) -> None:
        columns = self._columns(table)
        rows = self._connection.execute(
            f"SELECT {', '.join(columns)} FROM {table} WHERE sequence <= ?",  # noqa: S608 - our own names
            (self._dropped_before,),
        )
        places = ", ".join("?" * len(columns))
        self._scratch.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608 - our own names

    def _columns(self, table: str) -> list[str]:
        """The columns that both have: a file of an older schema has fewer."""
        there = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
        return [row[1] for row in self._scratch.execute(f"PRAGMA table_info({table})") if row[1] in there]

    def _differing(self, table: str) -> Iterator[Fault]:
        keys = _KEYS[table]
        columns = self._columns(table)
        if not columns:
            yield Fault(table, "", "the table is missing")
            return
        query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {', '.join(keys)}"  # noqa: S608 - our own names
        places = [columns.index(key) for key in keys]
        try:
            for key, wanted, found in merged(self._scratch.execute(query), self._connection.execute(query), places):
                if wanted != found:
                    yield _fault(table, key, columns, wanted, found)
        except sqlite3.DatabaseError as unreadable:
            yield Fault(table, "", f"cannot be read: {unreadable}")


_Row = tuple[Any, ...]


def merged(
    wanted: Iterable[_Row], found: Iterable[_Row], places: list[int]
) -> Iterator[tuple[_Row, _Row | None, _Row | None]]:
    """Two sorted runs of rows side by side, by the key at `places`; None where one lacks the row."""
    ones, others = iter(wanted), iter(found)
    one, other = next(ones, None), next(others, None)
    while one is not None or other is not None:
        one_key = None if one is None else tuple(one[place] for place in places)
        other_key = None if other is None else tuple(other[place] for place in places)
        if other_key is None or (one_key is not None and one_key < other_key):
            assert one_key is not None
            yield one_key, one, None
            one = next(ones, None)
        elif one_key is None or other_key < one_key:
            yield other_key, None, other
            other = next(others, None)
        else:
            yield one_key, one, other
            one, other = next(ones, None), next(others, None)


def _fault(table: str, key: _Row, columns: list[str], wanted: _Row | None, found: _Row | None) -> Fault:
    row = ", ".join(f"{name} {value}" for name, value in zip(_KEYS[table], key, strict=True))
    sequence = key[0] if isinstance(key[0], int) else None
    if found is None:
        return Fault(table, row, "the row is missing", sequence)
    if wanted is None:
        return Fault(table, row, "the row follows from no event", sequence)
    name, was, now = next(
        (name, one, other) for name, one, other in zip(columns, wanted, found, strict=True) if one != other
    )
    return Fault(table, row, f"{name} is {now!r}, the events give {was!r}", sequence)
