"""The SQLite journal is a journal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from adapters.sqlite_journal import JournalLimits, SqliteJournal
from tests.contracts.journal import GROUPS, JournalContract, JournalHarness, SetClock, read_after_restart


class SqliteHarness(JournalHarness):
    """One file; room is taken away by forbidding the file to grow. Chunks are small, so that reading crosses them."""

    def __init__(self, path: Path) -> None:
        self.clock = SetClock()
        self.path = path

    async def open(self) -> SqliteJournal:
        """A journal on the one file."""
        limits = JournalLimits(read_chunk_events=7)
        return await SqliteJournal.open(self.path, clock=self.clock, fold_version=1, limits=limits)

    async def refuse_writes(self, journal: SqliteJournal) -> None:
        """SQLite reports `database or disk is full` from here on."""
        await journal._writer.change(lambda connection: connection.execute("PRAGMA max_page_count=1").fetchall())

    async def allow_writes(self, journal: SqliteJournal) -> None:
        """The file may grow again."""
        await journal._writer.change(lambda connection: connection.execute("PRAGMA max_page_count=1000000").fetchall())


class TestSqliteJournal(JournalContract):
    """The contract on a file."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> SqliteHarness:
        """A file of its own."""
        return SqliteHarness(tmp_path / "state" / "journal.sqlite")


@given(GROUPS)
@settings(max_examples=15, deadline=None)
def test_any_groups_come_back_in_order(groups: list[list[str]]) -> None:
    """Whatever the texts and sizes, after a restart the journal holds exactly these events."""
    with TemporaryDirectory() as directory:
        found = asyncio.run(read_after_restart(SqliteHarness(Path(directory) / "journal.sqlite"), groups))
    assert found == [text for group in groups for text in group]
