"""Each durable event is in the streams exactly once, whatever happens between publishing and remembering."""

from __future__ import annotations

import asyncio

import pytest

from machines.ports.streams import StreamsAwayError
from tests.publication.publishing import Publishing, answer, freeze, mixed, with_limits
from tests.simulation.virtual_loop import run

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_event_is_published_once_and_in_order(seed: int) -> None:
    """Events recorded one by one and in groups all arrive, in the order of the journal."""

    async def scenario() -> Publishing:
        house = Publishing()
        await house.start()
        for event in mixed(20):
            await house.record(event)
        await house.record_published(mixed(50))
        await house.stop()
        return house

    house = run(scenario, seed)

    assert {} == house.differing()
    assert 70 == len(house.sequences("events"))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lost_reply_publishes_nothing_twice(seed: int) -> None:
    """An entry that was appended although its reply was lost is found on reconnecting, and not sent again."""

    async def scenario() -> Publishing:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(5))
        house.server.lose_reply_of("publish")
        house.server.lose_reply_of("publish")
        await house.record_published(mixed(30))
        await house.stop()
        return house

    assert {} == run(scenario, seed).differing()


@pytest.mark.parametrize("seed", range(40))
def test_a_process_killed_anywhere_leaves_neither_hole_nor_double(seed: int) -> None:
    """Killed at any moment and begun again, several times over, the streams still hold everything once."""

    async def scenario() -> Publishing:
        house = Publishing()
        chance = asyncio.get_running_loop().chance  # type: ignore[attr-defined]
        for _ in range(5):
            await house.start()
            await house.record(*mixed(chance.randrange(1, 30)))
            for _ in range(chance.randrange(0, 200)):
                await asyncio.sleep(0)
            await house.die()
        await house.start()
        await house.record_published([freeze("last")])
        await house.stop()
        return house

    assert {} == run(scenario, seed).differing()


@pytest.mark.parametrize("call", ["claim", "last_entry", "facts", "publish", "write_hashes"])
@pytest.mark.parametrize("after", [False, True])
def test_an_outage_at_any_call_loses_nothing(call: str, *, after: bool) -> None:
    """Before or after any call of the port takes effect, an outage of an hour delays, and no more."""

    async def scenario() -> Publishing:
        house = Publishing()
        left = [3]

        def fail(name: str) -> None:
            if name == call and left[0]:
                left[0] -= 1
                raise StreamsAwayError(f"{name} failed")

        if after:
            house.server.after_call = fail
        else:
            house.server.before_call = fail
        await house.start()
        await house.record_published(mixed(30))
        house.server.go_away()
        await house.record(*mixed(60))
        await asyncio.sleep(3_600)
        assert "connection refused" in house.publication.away
        house.server.come_back()
        await house.record_published(mixed(3))
        assert "" == house.publication.away
        await house.stop()
        return house

    house = run(scenario, 1)

    assert {} == house.differing()
    assert [] == house.troubles


def test_more_than_memory_holds_is_read_from_the_journal() -> None:
    """Events beyond the tail are published all the same, and the lag says how many wait."""

    async def scenario() -> tuple[Publishing, int, int]:
        house = Publishing(with_limits(tail_events_max=4))
        house.server.go_away()
        await house.start()
        await house.record(*mixed(90))
        waiting = house.publication.lag_events
        house.server.come_back()
        await house.publication.wait_published(90)
        lag = house.publication.lag_events
        await house.stop()
        return house, waiting, lag

    house, waiting, lag = run(scenario, 3)

    assert (90, 0) == (waiting, lag)
    assert {} == house.differing()


@pytest.mark.parametrize("seed", range(40))
def test_a_stop_publishes_what_is_durable(seed: int) -> None:
    """What was recorded right before the stop is in the streams when the stop ends, whatever was under way then."""

    async def scenario() -> Publishing:
        house = Publishing()
        chance = asyncio.get_running_loop().chance  # type: ignore[attr-defined]
        await house.start()
        await house.record(*mixed(chance.randrange(1, 40)))
        await asyncio.sleep(chance.choice((0, 0.01, 0.0101, 1)))
        for _ in range(chance.randrange(0, 40)):
            await asyncio.sleep(0)
        await house.record(*mixed(3))
        await house.stop()
        return house

    assert {} == run(scenario, seed).differing()


def test_a_stop_does_not_wait_for_a_server_that_is_away() -> None:
    """The publisher gives up at once, and the next process publishes the rest."""

    async def scenario() -> tuple[Publishing, float]:
        house = Publishing()
        await house.start()
        await house.record_published(mixed(3))
        house.server.go_away()
        await house.record(*mixed(9))
        await asyncio.sleep(60)
        before_s = asyncio.get_running_loop().time()
        await house.stop()
        took_s = asyncio.get_running_loop().time() - before_s
        house.server.come_back()
        await house.start()
        await house.record_published([freeze("later")])
        await house.stop()
        return house, took_s

    house, took_s = run(scenario, 4)

    assert took_s < 1
    assert {} == house.differing()


def test_an_old_reply_is_not_looked_for_in_the_whole_journal() -> None:
    """A new process looks a sparse stream through only as far back as the streams keep entries."""

    async def scenario() -> tuple[Publishing, int]:
        house = Publishing(with_limits(stream_entries_max=50))
        await house.start()
        await house.record_published([answer("1-0")])
        await house.record_published([freeze(f"key{number}") for number in range(300)])
        await house.stop()
        await house.start()
        await asyncio.sleep(1)
        replies = next(outlet for outlet in house.publication.outlets if outlet.name == "replies")
        first_looked = replies.position
        await house.record_published([answer("2-0")])
        await house.stop()
        return house, first_looked

    house, first_looked = run(scenario, 5)

    assert first_looked >= 251
    assert [1, 302] == house.sequences("replies")
