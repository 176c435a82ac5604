"""A connection that is lost at any moment loses no event and writes none twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from adapters.postgres_journal import PostgresPlace
from machines.ports.journal import (
    JournalDamagedError,
    JournalFencedError,
    JournalRefusedError,
    JournalUnknownError,
    PaymentSeen,
    Snapshot,
)
from tests.contracts.journal import entry_ids, everything, proposal
from tests.journal.postgres_places import ask, connection_given_up, fresh_place, held_open, opened, take_over
from tests.journal.waiting_writes import BEFORE_THE_INSERT, blocked
from tests.postgres_server import PostgresServer
from tests.processes.waiting import until
from tests.tcp_proxy import TcpProxy

WRITING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'BEGIN%left behind%'"

pytestmark = pytest.mark.xdist_group("postgres_lost_connections")


@pytest.fixture
def proxy(server: PostgresServer) -> Iterator[TcpProxy]:
    """What stands between the journal and the server."""
    with TcpProxy(server.port) as running:
        yield running


@pytest.fixture
def place(server: PostgresServer, proxy: TcpProxy) -> PostgresPlace:
    """A schema of its own, reached through the proxy."""
    return fresh_place(server, proxy.port, statement_timeout_s=1)


async def test_a_commit_whose_answer_is_lost_is_found_and_acknowledged(place: PostgresPlace, proxy: TcpProxy) -> None:
    """The group is durable: the caller is told so, once, and nothing is written twice."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        proxy.lose_reply(b"COMMIT")
        answers = await asyncio.gather(*(journal.append([proposal(str(index))]) for index in range(5)))
        assert proxy.lost == 1
        assert [answer[0].sequence for answer in answers] == [2, 3, 4, 5, 6]
        await journal.append([proposal("b")])
        assert entry_ids(await everything(journal)) == ["a", *map(str, range(5)), "b"]


async def test_a_commit_that_never_arrived_is_refused_and_can_be_asked_again(
    place: PostgresPlace, proxy: TcpProxy
) -> None:
    """Nothing is there, the caller is told so, and the next attempt is taken on a new connection."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        proxy.lose_request(b"COMMIT")
        with pytest.raises(JournalRefusedError, match="nothing of the group was written"):
            await journal.append([proposal("b")], [PaymentSeen("p", b"f", counted=True)])
        assert await journal.payments_seen(["p"]) == {}
        await journal.append([proposal("b")])
        assert entry_ids(await everything(journal)) == ["a", "b"]


async def test_a_message_left_behind_is_not_carried_out_later(server: PostgresServer, proxy: TcpProxy) -> None:
    """A group that was refused because its connection was lost is not written by a server that works it off late."""
    place = fresh_place(server, proxy.port)
    beside = PostgresPlace(fresh_place(server).url, place.schema)
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        ask(beside, BEFORE_THE_INSERT)
        with held_open(beside) as gate:
            gate.execute("SELECT pg_advisory_xact_lock(7)")
            append = asyncio.ensure_future(journal.append([proposal("left behind")]))
            await asyncio.to_thread(until, lambda: blocked(beside), "the append to wait")
            proxy.reset()
            with pytest.raises(JournalRefusedError, match="nothing of the group was written"):
                await append
            assert blocked(beside)
            gate.execute("COMMIT")
        await asyncio.to_thread(until, lambda: ask(beside, WRITING) == [(0,)], "the message to be worked off")
        await journal.append([proposal("b")])
        assert entry_ids(await everything(journal)) == ["a", "b"]


async def test_a_store_that_stays_away_after_a_commit_ends_the_daemon(place: PostgresPlace, proxy: TcpProxy) -> None:
    """Neither durable nor not: the journal says that it does not know, and takes nothing any more."""
    journal = opened(place, unknown_outcome_s=1)
    async with journal as unlucky:
        proxy.shut()
        proxy.lose_reply(b"COMMIT")
        with pytest.raises(JournalUnknownError, match="not known"):
            await unlucky.append([proposal("a")])
        proxy.mend()
        with pytest.raises(JournalUnknownError):
            await unlucky.append([proposal("b")])
    async with opened(place) as resumed:
        assert entry_ids(await everything(resumed)) == ["a"]


async def test_who_was_overtaken_while_it_asked_is_fenced(
    server: PostgresServer, place: PostgresPlace, proxy: TcpProxy
) -> None:
    """The answer to a commit is lost, and another daemon leads before it can be asked for: this one ends."""
    beside = PostgresPlace(fresh_place(server).url, place.schema)
    async with opened(place, fencing=take_over(place)) as journal:
        proxy.shut()
        proxy.lose_reply(b"COMMIT")
        append = asyncio.ensure_future(journal.append([proposal("a")]))
        await asyncio.to_thread(until, lambda: proxy.lost, "the answer to be lost")
        take_over(beside)
        proxy.mend()
        with pytest.raises(JournalFencedError):
            await append
    assert ask(beside, "SELECT count(*) FROM events") == [(1,)]


async def test_a_snapshot_whose_answer_is_lost_may_be_asked_again(place: PostgresPlace, proxy: TcpProxy) -> None:
    """What is not an append is refused, for it does no harm twice."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        proxy.lose_reply(b"COMMIT")
        with pytest.raises(JournalRefusedError, match="may be asked for again"):
            await journal.write_snapshot(Snapshot(1, b"state"))
        await journal.write_snapshot(Snapshot(1, b"state"))
        assert await journal.newest_snapshot() == Snapshot(1, b"state")


async def test_reading_goes_on_after_a_reset(place: PostgresPlace, proxy: TcpProxy) -> None:
    """A read on a lost connection is done again on a new one; nobody sees an error."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        assert entry_ids(await everything(journal)) == ["a"]
        proxy.reset()
        assert entry_ids(await everything(journal)) == ["a"]


async def test_a_server_that_is_away_refuses_and_is_found_again(place: PostgresPlace, proxy: TcpProxy) -> None:
    """While nobody answers nothing is acknowledged; then the same journal goes on, without a restart."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        proxy.cut()
        for _ in range(3):
            with pytest.raises(JournalRefusedError):
                await journal.append([proposal("away")])
            with pytest.raises(JournalRefusedError):
                await everything(journal)
        proxy.mend()
        await journal.append([proposal("b")])
        assert entry_ids(await everything(journal)) == ["a", "b"]


async def test_a_server_that_does_not_answer_is_not_waited_for(place: PostgresPlace, proxy: TcpProxy) -> None:
    """Beyond the time of a statement the connection is given up, though the server's machine keeps it open."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        proxy.hold()
        append = asyncio.ensure_future(journal.append([proposal("held")]))
        await connection_given_up(journal)
        proxy.reset()
        proxy.release()
        with pytest.raises(JournalRefusedError):
            await append
        await journal.append([proposal("b")])
        assert entry_ids(await everything(journal)) == ["a", "b"]


@pytest.mark.parametrize("lost", ["an event", "all events", "another end"])
async def test_a_fail_over_to_a_replica_that_lagged_is_noticed(
    place: PostgresPlace, proxy: TcpProxy, lost: str
) -> None:
    """After a new connection nothing is written onto a store that lacks what was acknowledged."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        await journal.append([proposal("b")])
        proxy.cut()
        away = {
            "an event": "DELETE FROM events WHERE sequence = 2",
            "all events": "DELETE FROM events",
            "another end": "UPDATE events SET hash = '\\x00' WHERE sequence = 2",
        }
        proxy.mend()
        ask(place, away[lost])
        with pytest.raises(JournalDamagedError, match="failed over to a replica that lagged"):
            await journal.append([proposal("c")])
        with pytest.raises(JournalDamagedError):
            await journal.append([proposal("d")])
    assert ask(place, "SELECT count(*) FROM events WHERE sequence > 2") == [(0,)]


async def test_a_reader_notices_a_replica_that_lagged(place: PostgresPlace, proxy: TcpProxy) -> None:
    """What was acknowledged is never read as if it had not been."""
    async with opened(place) as journal:
        await journal.append([proposal("a"), proposal("b")])
        proxy.reset()
        ask(place, "DELETE FROM events WHERE sequence = 2")
        with pytest.raises(JournalDamagedError, match="lost events"):
            await everything(journal)
