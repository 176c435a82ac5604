"""Looking payment ids up: a few statements for batches of every size, since each is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from adapters.journal_rows.limits import JournalLimits
from adapters.journal_rows.reading import payments_seen
from adapters.sqlite_journal.schema import create_tables

CHUNK_ITEMS = JournalLimits().lookup_chunk_items


class Listening:
    """A connection that notes the statements as they are written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.said: set[str] = set()
        self._connection = connection

    def execute(self, statement: str, values: Any = ()) -> Any:
        """Note and execute."""
        self.said.add(statement)
        return self._connection.execute(statement, values)

    def executemany(self, statement: str, values: Any) -> Any:
        """The same for many."""
        self.said.add(statement)
        return self._connection.executemany(statement, values)


@pytest.fixture
def listening() -> Iterator[Listening]:
    """A journal's tables with four payments."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create_tables(connection, "a-journal", b"key")
        rows = [(f"pay-{number}", b"print", 1, b"hash", 1) for number in range(4)]
        connection.executemany(
            "INSERT INTO payments (payment_id, fingerprint, counted, customer_hash, sequence) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        yield Listening(connection)


def test_batches_of_every_size_share_eight_statements(listening: Listening) -> None:
    """A kept statement of 128 places is 38 KB, of a thousand 270 KB; one for each size would be megabytes."""
    for size in range(1, 1_001):
        payments_seen(listening, [f"pay-{number}" for number in range(size)], CHUNK_ITEMS)

    assert len(listening.said) == 8


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 127, 128, 129, 1_000])
def test_a_batch_of_any_size_finds_what_is_known(listening: Listening, size: int) -> None:
    """No more, no less."""
    ids = [f"pay-{number}" for number in range(size)]

    assert set(ids[:4]) == payments_seen(listening, ids, CHUNK_ITEMS).keys()


def test_no_ids_ask_nothing(listening: Listening) -> None:
    """An empty batch needs no statement."""
    assert ({}, set()) == (payments_seen(listening, [], CHUNK_ITEMS), listening.said)
