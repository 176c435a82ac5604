"""What the publisher does where a stream is not as it left it: emptied, replaced, written to by a stranger, ahead."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from adapters.memory_journal import MemoryStore
from daemon.publication.entries import entry_for
from machines.ports.journal import JournalIdentity
from tests.publication.publishing import Publishing, answer, freeze, mixed, with_limits
from tests.simulation.virtual_loop import run


@pytest.mark.parametrize("seed", range(10))
def test_a_server_restarted_empty_is_filled_again(seed: int) -> None:
    """As much as streams keep is published anew, also when no call ever failed, and every hash is written."""

    async def scenario() -> Publishing:
        house = Publishing(with_limits(stream_entries_max=100))
        await house.start()
        await house.record_published(mixed(60))
        house.server.restart_empty()
        await house.record_published([freeze("after")])
        await house.stop()
        return house

    house = run(scenario, seed)

    assert {} == house.differing()
    assert ["owner", "status"] == house.server.hash_names()


def test_a_server_emptied_while_nothing_happens_is_filled_again() -> None:
    """Within seconds, without any news: streams and hashes are there again, and the keys are owned."""

    async def scenario() -> Publishing:
        house = Publishing(with_limits(stream_entries_max=100))
        await house.start()
        await house.record_published(mixed(60))
        house.server.restart_empty()
        await asyncio.sleep(2 * house.limits.look_every_s)
        await house.die()
        return house

    house = run(scenario, 1)

    assert {} == house.differing()
    assert ["owner", "status"] == house.server.hash_names()


def test_an_emptied_server_gets_only_what_streams_keep() -> None:
    """The journal keeps all; the stream begins again `stream_entries_max` before its end."""

    async def scenario() -> Publishing:
        house = Publishing(with_limits(stream_entries_max=20))
        await house.start()
        await house.record_published(mixed(60))
        await house.stop()
        house.server.restart_empty()
        await house.start()
        await house.publication.wait_published(60)
        await house.stop()
        return house

    assert list(range(41, 61)) == run(scenario, 1).sequences("events")


def test_a_strangers_entry_is_an_alarm_and_stays() -> None:
    """Nothing is published over a stranger's newest entry; the other streams go on; it is said once."""

    async def scenario() -> tuple[Publishing, list[str], dict[str, str]]:
        house = Publishing()
        with capture_logs() as logs:
            await house.start()
            await house.record_published(mixed(6))
            house.server.add("replies", {"hello": "world"}, entry_id="9999999999999-1")
            await house.record_published([answer("7-0"), freeze("a")])
            await house.record_published([answer("8-0"), freeze("b")])
            await asyncio.sleep(300)
            blocked = dict(house.publication.blocked)
            await house.stop()
        return house, [line["event"] for line in logs], blocked

    house, said, blocked = run(scenario, 2)

    assert ["replies"] == list(blocked)
    assert "9999999999999-1" in blocked["replies"]
    assert [2, 5] == house.sequences("replies")
    assert house.expected("events") == house.sequences("events")
    assert 1 == said.count("stream_blocked")


def test_a_stream_freed_of_the_stranger_gets_what_it_missed() -> None:
    """Once the operator deletes the stream it is published anew, without a restart."""

    async def scenario() -> tuple[Publishing, dict[str, str]]:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(6))
        house.server.add("events", {"hello": "world"}, entry_id="9999999999999-1")
        await house.record(*mixed(6))
        await asyncio.sleep(5)
        house.server.delete("events")
        await asyncio.sleep(120)
        blocked = dict(house.publication.blocked)
        await house.stop()
        return house, blocked

    house, blocked = run(scenario, 3)

    assert {} == blocked
    assert {} == house.differing()


def test_an_entry_of_another_journal_is_a_stranger() -> None:
    """An entry counts as ours by its journal, not by the shape of its id."""

    async def scenario() -> Publishing:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(2))
        recorded = house.store.events[-1].recorded()
        await house.stop()
        other = entry_for("events", recorded, "another journal")
        assert other is not None
        house.server.delete("events")
        house.server.add("events", other.fields, entry_id=other.id)
        await house.start()
        await house.record(*mixed(2))
        await asyncio.sleep(1)
        assert "another journal" in house.publication.blocked["events"]
        await house.stop()
        return house

    assert 1 == len(run(scenario, 4).server.entries("events"))


def test_a_stream_ahead_of_the_journal_is_not_continued() -> None:
    """After a restored backup the numbers would be used twice: nothing is published and the reason says so."""

    async def scenario() -> tuple[str, str, list[int]]:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(20))
        await house.stop()
        before, house.store = house.store, MemoryStore(JournalIdentity("simulated", 2))
        house.store.events.extend(before.events[:10])
        await house.start()
        await asyncio.sleep(60)
        first = house.publication.blocked["events"]
        await house.record(*(freeze(f"new{number}") for number in range(30)))
        await asyncio.sleep(60)
        later = house.publication.blocked["events"]
        await house.stop()
        return first, later, house.sequences("events")

    first, later, published = run(scenario, 5)

    assert "the journal ends at" in first
    assert "of another time" in later
    assert list(range(1, 21)) == published


def test_an_emptied_stream_that_remembers_ids_is_an_alarm() -> None:
    """A stream that a stranger pushed ahead and then trimmed away refuses us, and says what to do."""

    async def scenario() -> str:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(3))
        house.server.add("events", {"hello": "world"}, entry_id="9999999999999-1")
        house.server.streams["solvent:events"].entries.clear()
        await house.record(*mixed(3))
        await asyncio.sleep(5)
        blocked = house.publication.blocked["events"]
        await house.stop()
        return blocked

    assert "delete" in run(scenario, 6)


def test_a_removed_stranger_still_refuses_us() -> None:
    """A stranger's entry, taken away again, has moved the stream's last id: the reason names our newest entry."""

    async def scenario() -> tuple[str, str]:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(3))
        newest = house.server.entries("events")[-1].id
        house.server.add("events", {"hello": "world"}, entry_id="9999999999999-1")
        house.server.streams["solvent:events"].entries.pop()
        await house.record(*mixed(3))
        await asyncio.sleep(5)
        blocked = house.publication.blocked["events"]
        await house.stop()
        return newest, blocked

    newest, blocked = run(scenario, 6)

    assert f"refuses what follows {newest}" in blocked


def test_keys_of_another_journal_are_left_alone() -> None:
    """Where another journal owns the instance's keys nothing at all is written."""

    async def scenario() -> Publishing:
        house = Publishing()
        house.server.hashes["solvent:owner"] = {"journal_id": "somebody else's", "holder": "process 7"}
        await house.start()
        await house.record(*mixed(3))
        await asyncio.sleep(60)
        assert "somebody else's" in house.publication.away
        await house.stop()
        return house

    house = run(scenario, 7)

    assert [] == house.server.entries("events")
    assert ["owner"] == house.server.hash_names()
