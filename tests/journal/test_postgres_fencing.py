"""A daemon that lost the lead writes nothing, whatever it had begun."""

from __future__ import annotations

import asyncio
import threading

import psycopg
import pytest

from adapters.postgres_journal import PostgresPlace, connect
from machines.ports.journal import JournalDamagedError, JournalFencedError, JournalRefusedError, PaymentSeen, Snapshot
from tests.contracts.journal import entry_ids, everything, proposal
from tests.journal.postgres_places import ask, held_open, opened, take_over
from tests.journal.waiting_writes import AT_THE_COMMIT, BEFORE_THE_INSERT, BLOCKED, blocked
from tests.processes.waiting import until

pytestmark = pytest.mark.xdist_group("postgres_fencing")


async def test_the_old_leader_writes_nothing_after_a_takeover(place: PostgresPlace) -> None:
    """Its append, its snapshot and its forgetting are refused, leave nothing, and so does all that comes after."""
    first = take_over(place)
    async with opened(place, fencing=first) as old:
        await old.append([proposal("before")], [PaymentSeen("p", b"f", counted=True, customer_hash=b"c")])
        take_over(place)
        with pytest.raises(JournalFencedError, match="another daemon leads"):
            await old.append([proposal("late")], [PaymentSeen("q", b"f", counted=True)])
        for late in (old.append([proposal("later")]), old.write_snapshot(Snapshot(1, b"")), old.forget_customer(b"c")):
            with pytest.raises(JournalFencedError):
                await late
        assert old.last_sequence == 1
    assert ask(place, "SELECT count(*) FROM events") == [(1,)]
    assert ask(place, "SELECT payment_id, customer_hash FROM payments") == [("p", b"c")]
    assert ask(place, "SELECT count(*) FROM snapshots") == [(0,)]


@pytest.mark.parametrize("write", ["snapshot", "forget"])
async def test_other_changes_are_fenced_like_appends(place: PostgresPlace, write: str) -> None:
    """A snapshot, retention and forgetting check the lease themselves."""
    async with opened(place, fencing=take_over(place)) as old:
        await old.append([proposal("a")], [PaymentSeen("p", b"f", counted=True, customer_hash=b"c")])
        take_over(place)
        with pytest.raises(JournalFencedError):
            await (old.write_snapshot(Snapshot(1, b"s")) if write == "snapshot" else old.forget_customer(b"c"))
    assert ask(place, "SELECT count(*) FROM snapshots") == [(0,)]
    assert ask(place, "SELECT count(*) FROM payments WHERE customer_hash = 'c'") == [(1,)]


async def test_who_does_not_lead_cannot_open(place: PostgresPlace) -> None:
    """A fencing token that the lease does not have opens nothing, and disturbs nobody."""
    stale = take_over(place)
    async with opened(place, fencing=take_over(place)) as leader:
        with pytest.raises(JournalFencedError, match="another daemon leads"):
            async with opened(place, fencing=stale):
                pass
        await leader.append([proposal("a")])
        assert leader.last_sequence == 1


async def test_a_lease_that_forgot_is_a_store_that_lost(place: PostgresPlace) -> None:
    """A token below ours was never given after ours: the store went back in time."""
    async with opened(place, fencing=take_over(place)) as journal:
        ask(place, "UPDATE lease SET fencing = 0")
        with pytest.raises(JournalDamagedError, match="lost events"):
            await journal.append([proposal("a")])
    assert ask(place, "SELECT count(*) FROM events") == [(0,)]


async def test_a_takeover_between_the_rows_and_the_commit_refuses_the_group(place: PostgresPlace) -> None:
    """A group whose rows are under way when the lead changes is not committed."""
    async with opened(place, fencing=take_over(place)) as old:
        ask(place, BEFORE_THE_INSERT)
        with held_open(place) as gate:
            gate.execute("SELECT pg_advisory_xact_lock(7)")
            append = asyncio.ensure_future(old.append([proposal("late")]))
            await asyncio.to_thread(until, lambda: blocked(place), "the append to wait")
            take_over(place)
            gate.execute("COMMIT")
        with pytest.raises(JournalFencedError):
            await append
    assert ask(place, "SELECT count(*) FROM events") == [(0,)]


async def test_an_append_that_is_being_committed_delays_the_takeover_and_is_seen(place: PostgresPlace) -> None:
    """The new leader waits for it, and reads it."""
    async with opened(place, fencing=take_over(place)) as old:
        ask(place, AT_THE_COMMIT)
        with held_open(place) as gate:
            gate.execute("SELECT pg_advisory_xact_lock(7)")
            append = asyncio.ensure_future(old.append([proposal("in time")]))
            await asyncio.to_thread(until, lambda: blocked(place), "the append to wait")
            takeover = asyncio.ensure_future(asyncio.to_thread(take_over, place))
            await asyncio.to_thread(until, lambda: ask(place, BLOCKED) == [(2,)], "the takeover to wait")
            assert not takeover.done()
            gate.execute("COMMIT")
        (recorded,) = await append
        ask(place, "DROP TRIGGER waits ON events")  # a journal with a trigger is not opened
        async with opened(place, fencing=await takeover) as new:
            assert new.last_sequence == 1
            assert await everything(new) == [recorded]


async def test_a_leader_that_stands_still_in_a_transaction_does_not_hold_up_its_successor(
    place: PostgresPlace,
) -> None:
    """The server ends the transaction that holds the lease, and what it had written is gone."""
    goes_on = threading.Event()

    def stand_still(batch: object) -> None:
        batch.execute("SELECT fencing FROM lease FOR SHARE")  # type: ignore[attr-defined]
        goes_on.wait(30)

    async with opened(place, fencing=take_over(place)) as old:
        await old.append([proposal("before")])
        standing = asyncio.ensure_future(old._writer.change(stand_still))
        holding = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        await asyncio.to_thread(until, lambda: ask(place, holding) != [(0,)], "the transaction to be open")
        async with opened(place, fencing=await asyncio.to_thread(take_over, place)) as new:
            await new.append([proposal("after")])
            goes_on.set()
            with pytest.raises(JournalFencedError):
                await standing
            assert entry_ids(await everything(new)) == ["before", "after"]


async def test_a_leader_at_work_in_the_server_does_not_hold_up_its_successor(place: PostgresPlace) -> None:
    """Its session is ended when the next one opens: no limit of time of the server's is waited for."""

    def work(batch: object) -> None:
        batch.execute("SELECT value FROM meta WHERE key = 'writer' FOR SHARE")  # type: ignore[attr-defined]
        batch.execute("SELECT pg_sleep(9)")  # type: ignore[attr-defined]

    async with opened(place, fencing=take_over(place)) as old:
        working = asyncio.ensure_future(old._writer.change(work))
        at_work = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(9)' AND state = 'active'"
        await asyncio.to_thread(until, lambda: ask(place, at_work) != [(0,)], "the old leader to be at work")
        async with opened(place, fencing=take_over(place)) as new:
            await new.append([proposal("after")])
            with pytest.raises(JournalRefusedError, match="terminating connection"):
                await working
            with pytest.raises(JournalFencedError):
                await old.append([proposal("late")])
            assert entry_ids(await everything(new)) == ["after"]


async def test_who_finds_the_next_ones_events_is_fenced_not_damaged(place: PostgresPlace) -> None:
    """Without a lease too: what another daemon wrote since it opened the journal is no damage."""
    async with opened(place) as old:
        await old.append([proposal("a")])
        async with opened(place) as new:
            await new.append([proposal("b")])
        with pytest.raises(JournalFencedError, match="another daemon opened"):
            await old.append([proposal("late")])
    assert ask(place, "SELECT count(*) FROM events") == [(2,)]


async def test_without_a_lease_the_last_who_opens_writes(place: PostgresPlace) -> None:
    """Two journals on one schema cannot both write, lease or not."""
    async with opened(place) as old:
        await old.append([proposal("a")])
        async with opened(place) as new:
            with pytest.raises(JournalFencedError, match="another daemon opened"):
                await old.append([proposal("late")])
            await new.append([proposal("b")])
            assert entry_ids(await everything(new)) == ["a", "b"]


async def test_an_event_written_by_somebody_else_is_noticed(place: PostgresPlace) -> None:
    """Who writes rows by hand is reported as damage, not overwritten."""
    async with opened(place, fencing=take_over(place)) as journal:
        await journal.append([proposal("a")])
        ask(place, "INSERT INTO events SELECT 2, 0, 0, 'x', NULL, 'Started', 1, 2, 1, '{}', '\\x00'")
        with pytest.raises(JournalDamagedError, match="changed by somebody else"):
            await journal.append([proposal("b")])
        assert ask(place, "SELECT actor FROM events WHERE sequence = 2") == [("x",)]


async def test_an_event_written_by_the_new_leader_fences(place: PostgresPlace) -> None:
    """The same number twice: the lease says who was right."""
    async with opened(place, fencing=take_over(place)) as old:
        async with opened(place, fencing=take_over(place)) as new:
            await new.append([proposal("new")])
        with pytest.raises(JournalFencedError):
            await old.append([proposal("old")])
    assert ask(place, "SELECT count(*) FROM events WHERE data LIKE '%old%'") == [(0,)]


def test_the_lease_and_the_daemons_have_their_tables(place: PostgresPlace) -> None:
    """One row of the lease from the start, and never two."""
    take_over(place)
    assert ask(place, "SELECT fencing, holder, wanted FROM lease") == [(1, "", "")]
    assert ask(place, "SELECT * FROM daemons") == []
    with connect(place, "test") as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO lease DEFAULT VALUES")
