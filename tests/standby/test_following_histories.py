"""A standby that could not read for a while never folds two histories into one state, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import pytest

from adapters.postgres_journal import FollowedPostgresJournal, PostgresJournal, PostgresPlace
from config.instants import DAY
from daemon.leading.following import Following
from daemon.resume import encode_state, resume
from machines.events import FreezeChanged
from machines.ports.journal import Journal, Proposal, Snapshot
from machines.state.whole import FOLD_VERSION
from tests.contracts.journal import START
from tests.journal.postgres_places import ask, fresh_place, opened
from tests.postgres_server import PostgresServer
from tests.processes.waiting import until

pytestmark = pytest.mark.xdist_group("following_histories")

_END_READING: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'solvent reading%'"
)


class _Root:
    """Goes on until it is cancelled."""

    def beat(self) -> None:
        """At each round."""


class _Standby:
    """Follows a journal; whether it can reach the server is the test's to say."""

    def __init__(self, place: PostgresPlace) -> None:
        self.reachable = True
        self.following = Following(self._open, 0.005)
        self._place = place

    async def folded(self, sequence: int) -> None:
        """Wait until it is folded so far."""
        await asyncio.to_thread(until, lambda: self.following.folded_sequence == sequence, f"event {sequence}")

    async def _open(self) -> Journal:
        if not self.reachable:
            raise FileNotFoundError
        return await asyncio.to_thread(FollowedPostgresJournal.open, self._place, fold_version=FOLD_VERSION)


@asynccontextmanager
async def standing_by(place: PostgresPlace) -> AsyncIterator[_Standby]:
    """A standby for the length of the block."""
    standby = _Standby(place)
    task = asyncio.create_task(standby.following.run(_Root()))  # type: ignore[arg-type]
    try:
        yield standby
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def write(journal: Journal, texts: str, *, count: int) -> None:
    """So many events that leave their name in the state."""
    for number in range(count):
        await journal.append([Proposal(FreezeChanged(f"{texts}{number}", frozen=True, reason="x"), "t", START)])


async def the_cold_state(standby: _Standby, journal: PostgresJournal) -> None:
    """Following has ended: what it leads with is what a cold start reads."""
    cold, warm = (await resume(journal)).state, await standby.following.state_for(journal)
    assert warm is not None
    assert encode_state(cold) == encode_state(warm)


async def test_what_a_fail_over_forgot_is_forgotten_though_as_much_was_written_since(server: PostgresServer) -> None:
    """The replica lagged by five events, another daemon wrote ten others: the standby begins anew with those."""
    place = fresh_place(server)
    async with standing_by(place) as standby:
        async with opened(place, fold_version=FOLD_VERSION) as journal:
            await write(journal, "before", count=20)
            await standby.folded(20)
        standby.reachable = False
        ask(place, _END_READING)
        ask(place, "DELETE FROM events WHERE sequence > 15")
        async with opened(place, fold_version=FOLD_VERSION) as journal:
            await write(journal, "after", count=10)
            standby.reachable = True
            await standby.folded(25)
    async with opened(place, fold_version=FOLD_VERSION) as journal:
        await the_cold_state(standby, journal)


async def test_a_state_that_ends_with_an_event_of_another_history_is_not_used(server: PostgresServer) -> None:
    """The same number, another event: the standby that did not read since does not lead with it."""
    place = fresh_place(server)
    async with standing_by(place) as standby, opened(place, fold_version=FOLD_VERSION) as journal:
        await write(journal, "before", count=20)
        await standby.folded(20)
    ask(place, "DELETE FROM events WHERE sequence > 15")
    async with opened(place, fold_version=FOLD_VERSION) as journal:
        assert await standby.following.state_for(journal) is None
        await write(journal, "after", count=5)
        assert await standby.following.state_for(journal) is None


async def test_what_retention_dropped_before_it_was_read_is_not_skipped(server: PostgresServer) -> None:
    """Away for longer than events are kept: the standby begins anew with the snapshot that covers what is gone."""
    place = fresh_place(server)
    async with opened(place, fold_version=FOLD_VERSION, retention_days=1) as journal:
        async with standing_by(place) as standby:
            await write(journal, "read", count=10)
            await standby.folded(10)
            standby.reachable = False
            ask(place, _END_READING)
            await write(journal, "dropped", count=10)
            covered = (await resume(journal)).state
            journal._clock.now += 3 * DAY  # type: ignore[attr-defined]
            await write(journal, "kept", count=10)
            await journal.write_snapshot(Snapshot(20, encode_state(covered)))
            assert [(21,)] == ask(place, "SELECT min(sequence) FROM events")
            standby.reachable = True
            await standby.folded(30)
        await the_cold_state(standby, journal)


async def test_a_standby_may_begin_with_a_snapshot_whose_event_is_gone(server: PostgresServer) -> None:
    """Everything is older than the retention: it stands on the snapshot alone, and follows what comes."""
    place = fresh_place(server)
    async with opened(place, fold_version=FOLD_VERSION, retention_days=1) as journal:
        await write(journal, "dropped", count=10)
        covered = (await resume(journal)).state
        journal._clock.now += 3 * DAY  # type: ignore[attr-defined]
        await journal.write_snapshot(Snapshot(10, encode_state(covered)))
        assert [(0,)] == ask(place, "SELECT count(*) FROM events")
        async with standing_by(place) as standby:
            await standby.folded(10)
            assert await standby.following.state_for(journal) is None
            await write(journal, "kept", count=2)
            await standby.folded(12)
        await the_cold_state(standby, journal)
