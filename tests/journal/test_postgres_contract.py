"""The journal in PostgreSQL is a journal."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings

from adapters.postgres_journal import JournalLimits, PostgresJournal, PostgresPlace
from tests.contracts.journal import GROUPS, JournalContract, JournalHarness, SetClock, read_after_restart
from tests.journal.postgres_places import ask, fresh_place
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.xdist_group("postgres_contract")

FULL = """
    CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk AFTER INSERT ON events EXECUTE FUNCTION full_disk()"""


class PostgresHarness(JournalHarness):
    """One schema; a full disk is what PostgreSQL says of one. Chunks are small, so that reading crosses them."""

    def __init__(self, place: PostgresPlace) -> None:
        self.clock = SetClock()
        self.place = place

    async def open(self) -> PostgresJournal:
        """A journal in the one schema."""
        limits = JournalLimits(read_chunk_events=7)
        return await PostgresJournal.open(self.place, clock=self.clock, fold_version=1, fencing=None, limits=limits)

    async def refuse_writes(self, journal: PostgresJournal) -> None:
        """The server answers every new event as with a full disk."""
        ask(self.place, FULL)

    async def allow_writes(self, journal: PostgresJournal) -> None:
        """There is room again."""
        ask(self.place, "DROP TRIGGER full_disk ON events")


class TestPostgresJournal(JournalContract):
    """The contract in a schema."""

    @pytest.fixture
    def harness(self, server: PostgresServer) -> PostgresHarness:
        """A schema of its own."""
        return PostgresHarness(fresh_place(server))


@given(groups=GROUPS)
@settings(max_examples=15, deadline=None)
def test_any_groups_come_back_in_order(server: PostgresServer, groups: list[list[str]]) -> None:
    """Whatever the texts and sizes, NUL among them, after a restart the journal holds exactly these events."""
    found = asyncio.run(read_after_restart(PostgresHarness(fresh_place(server)), groups))
    assert found == [text for group in groups for text in group]
