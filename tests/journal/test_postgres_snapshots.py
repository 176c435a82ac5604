"""Large snapshots in PostgreSQL: over slow links, beside events, in little memory, and nothing of them left behind."""

from __future__ import annotations

import asyncio
import random
import tracemalloc

import msgspec
import pytest

from adapters.postgres_journal import FollowedPostgresJournal, PostgresPlace, connect
from adapters.postgres_journal.snapshot_parts import PART_BYTES, put_part
from machines.ports.journal import JournalRefusedError, Snapshot
from tests.contracts.journal import large_state, proposal
from tests.journal.postgres_places import ask, fresh_place, opened
from tests.postgres_server import PostgresServer
from tests.processes.waiting import until
from tests.tcp_proxy import CHUNK_BYTES, TcpProxy

pytestmark = pytest.mark.xdist_group("postgres_snapshots")

STATES = "SELECT count(DISTINCT digest) FROM snapshot_parts"


async def test_a_slow_link_carries_a_large_snapshot(server: PostgresServer) -> None:
    """What takes longer on its way than the server waits for a daemon that stands still is kept, and read again."""
    state = random.Random(1).randbytes(8 << 20)
    with TcpProxy(server.port) as proxy:
        place = fresh_place(server, proxy.port)
        async with opened(place) as journal:
            await journal.append([proposal("a")])
            proxy.delay_s = CHUNK_BYTES / 5e6  # 5 MB/s
            await journal.write_snapshot(Snapshot(1, state))
            following = msgspec.structs.replace(place, statement_timeout_s=1)
            reader = await asyncio.to_thread(FollowedPostgresJournal.open, following, fold_version=1)
            assert await reader.newest_snapshot() == Snapshot(1, state)
            await reader.close()


async def test_events_are_written_between_two_parts(place: PostgresPlace) -> None:
    """An event that comes while a large snapshot is on its way is durable before the snapshot is."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        snapshot = asyncio.ensure_future(journal.write_snapshot(Snapshot(1, large_state(48))))
        await asyncio.to_thread(until, lambda: ask(place, STATES) == [(1,)], "the first part")
        await journal.append([proposal("b")])
        assert not snapshot.done()
        await snapshot
        assert (journal.last_sequence, ask(place, "SELECT sequence FROM snapshots")) == (2, [(1,)])


async def test_memory_grows_by_parts_and_not_by_states(place: PostgresPlace) -> None:
    """Writing takes less than the state once more, reading less than three of it."""
    async with opened(place) as journal:
        await journal.append([proposal("a")])
        state = large_state(16)
        tracemalloc.start()
        try:
            await journal.write_snapshot(Snapshot(1, state))
            _, written_bytes = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            await journal.newest_snapshot()
            _, read_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert written_bytes < len(state) / 2
        assert read_bytes < 3 * len(state)


async def test_parts_go_with_their_snapshot(place: PostgresPlace) -> None:
    """Nothing is left of a snapshot that was dropped, nor of one that was never finished."""
    async with opened(place, snapshots_kept=2) as journal:
        await journal.append([proposal(str(index)) for index in range(4)])
        with connect(place, "test") as connection:
            put_part(connection, b"never finished", 0, b"")
        for sequence in range(1, 5):
            await journal.write_snapshot(Snapshot(sequence, b"state %d" % sequence))
        assert ask(place, STATES) == [(2,)]
        assert ask(place, "SELECT count(*) FROM snapshot_parts WHERE digest = 'never finished'") == [(0,)]


async def test_a_snapshot_that_broke_off_is_not_one(place: PostgresPlace) -> None:
    """Some parts arrived and no more: the one before counts, and the next one is kept whole."""
    stopping = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER full_disk BEFORE INSERT ON snapshot_parts FOR EACH ROW WHEN (NEW.part = 2)
        EXECUTE FUNCTION full_disk()"""
    state = large_state(3)
    async with opened(place) as journal:
        await journal.append([proposal("a"), proposal("b")])
        await journal.write_snapshot(Snapshot(1, b"state"))
        ask(place, stopping)
        with pytest.raises(JournalRefusedError, match="No space left"):
            await journal.write_snapshot(Snapshot(2, state))
        assert await journal.newest_snapshot() == Snapshot(1, b"state")
        assert ask(place, "SELECT count(*) FROM snapshot_parts WHERE part > 0") == [(1,)]
        ask(place, "DROP TRIGGER full_disk ON snapshot_parts")
        await journal.write_snapshot(Snapshot(2, state))
        assert await journal.newest_snapshot() == Snapshot(2, state)
        assert ask(place, "SELECT max(part) FROM snapshot_parts") == [(len(state) // PART_BYTES - 1,)]


async def test_a_reader_looks_again_where_snapshots_were_replaced(place: PostgresPlace) -> None:
    """The daemon that leads drops what a reader is just reading: it finds the newer one."""
    async with opened(place, snapshots_kept=1) as journal:
        await journal.append([proposal("a"), proposal("b")])
        await journal.write_snapshot(Snapshot(1, b"older"))
        reader = await asyncio.to_thread(FollowedPostgresJournal.open, place, fold_version=1)
        rows = reader._snapshot_row
        loop, replaced = asyncio.get_running_loop(), []

        def replacing(connection: object, sequence: int) -> object:
            if not replaced:
                replaced.append(sequence)
                newer = journal.write_snapshot(Snapshot(2, b"newer"))
                asyncio.run_coroutine_threadsafe(newer, loop).result(10)
            return rows(connection, sequence)  # type: ignore[arg-type]

        reader._snapshot_row = replacing  # type: ignore[assignment, method-assign]
        assert await reader.newest_snapshot() == Snapshot(2, b"newer")
        assert replaced == [1]
        await reader.close()
