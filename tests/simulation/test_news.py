"""Webhooks beside polls: news is quick when nothing is wrong, a burst is one read, and no failure is hurried."""

from __future__ import annotations

import asyncio

import msgspec

from config.settings import Settings
from daemon.running import Daemon
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live
from tests.simulation.selling import AWAY, SHOP, SQL, UNAUTHORISED, Ledger, told, world_of
from tests.simulation.world import World

PLAN = ladder()
HOURLY = Settings(plan="ladder", sources={SHOP: msgspec.structs.replace(SQL, poll_every_s=3_600, stale_after_s=86_400)})
"""No poll comes between."""


async def news(daemon: Daemon, seconds: int) -> None:
    """A webhook each tenth of a second."""
    for _ in range(seconds * 10):
        daemon.source_roots[SHOP].ask_now()
        await asyncio.sleep(0.1)


async def sold(world: World, daemon: Daemon, ledger: Ledger) -> int:
    """A month was read, and the last read is a while ago; how many reads there were."""
    ledger.sell("2025-01", "400")
    daemon.source_roots[SHOP].ask_now()
    await told(world, daemon, ledger)
    await asyncio.sleep(20)
    return ledger.reads


def test_news_of_a_quiet_source_is_read_at_once() -> None:
    """Nobody waits for the next poll."""
    world, (ledger,) = world_of(PLAN, HOURLY)

    async def body(world: World, daemon: Daemon) -> None:
        reads = await sold(world, daemon, ledger)
        daemon.source_roots[SHOP].ask_now()
        await asyncio.sleep(1)
        assert reads + 1 == ledger.reads

    live(world, body)


def test_a_burst_of_news_is_a_read_each_five_seconds() -> None:
    """Half a minute of webhooks, ten a second: six reads, and the last one comes after the last webhook."""
    world, (ledger,) = world_of(PLAN, HOURLY)

    async def body(world: World, daemon: Daemon) -> None:
        reads = await sold(world, daemon, ledger)
        await news(daemon, 29)
        assert reads + 6 == ledger.reads
        await asyncio.sleep(6)
        assert reads + 7 == ledger.reads

    live(world, body)


def test_news_does_not_shorten_what_the_source_wished() -> None:
    """429 with `Retry-After` of two minutes: no webhook makes it be asked before."""
    world, (ledger,) = world_of(PLAN, HOURLY)

    async def body(world: World, daemon: Daemon) -> None:
        reads = await sold(world, daemon, ledger)
        ledger.faults = [AWAY]
        await news(daemon, 115)
        assert reads + 1 == ledger.reads
        await news(daemon, 10)
        assert reads + 2 <= ledger.reads

    live(world, body)


def test_news_does_not_open_the_breaker() -> None:
    """Each refusal is followed by its whole wait, so that a minute of webhooks is no five failures."""
    world, (ledger,) = world_of(PLAN, HOURLY)

    async def body(world: World, daemon: Daemon) -> None:
        reads = await sold(world, daemon, ledger)
        ledger.faults = [UNAUTHORISED] * 1_000
        await news(daemon, 59)
        assert reads + 2 == ledger.reads

    live(world, body)
