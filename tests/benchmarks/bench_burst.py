"""Latency under a burst: what a command, a refusal and a stop take while payments come in as fast as they are taken.

The limits are the same calls on the same daemon while nothing arrives.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import redis.asyncio

from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.kernel import Kernel
from daemon.messages import StepAsked
from daemon.running import Daemon
from machines.lifecycle_states import Step
from tests.benchmarks.bench_ingest import fill, payments
from tests.benchmarks.figures import Figure, at_most, percentile
from tests.benchmarks.places import redis_server, resumed_daemon, shop_plan, until_published

ASK_S = 60.0
REPLY_MS_MAX = 5_000
REPLIES = "solvent:replies"
COMMANDS = "solvent:commands"


async def measure(folder: Path, count: int) -> list[Figure]:
    """Both halves with one daemon: idle first, then during a burst of `count` payments, and its stop in the middle."""
    async with redis_server(folder) as url, resumed_daemon(folder / "state", url, shop_plan()) as daemon:
        daemon.begin()
        await until_published(daemon, ASK_S)
        client = redis.asyncio.Redis.from_url(url, decode_responses=True, protocol=2)
        idle_reply, idle_refusal = await _latencies(daemon, client, lambda taken: taken < 100)
        await asyncio.to_thread(fill, url, payments(count))
        end = str((await client.xrevrange("solvent:payments", count=1))[0][0])
        behind = lambda taken: taken < 100 and daemon.recorder.state.cursors.get("payments") != end  # noqa: E731
        reply, refusal = await _latencies(daemon, client, behind)
        await asyncio.to_thread(fill, url, payments(2 * count)[count:])
        began = time.perf_counter()
        await daemon.stop()
        stop_s = time.perf_counter() - began
        await client.aclose()
    return [
        _ms("command to reply, median, in a burst", percentile(reply, 0.5), percentile(idle_reply, 0.5)),
        at_most(
            _ms("command to reply, 99 %, in a burst", percentile(reply, 0.99), percentile(idle_reply, 0.99)),
            REPLY_MS_MAX,
            "<= 5 s",
        ),
        at_most(
            _ms("permit refused, 99 %, in a burst", percentile(refusal, 0.99), percentile(idle_refusal, 0.99)),
            1_000,
            "<= 1 s",
        ),
        at_most(Figure("stop in a burst", stop_s, "s"), 15, "<= stopping.ask_s + cancel_s"),
    ]


def _ms(what: str, measured_s: float, idle_s: float) -> Figure:
    return Figure(what, measured_s * 1_000, "ms", idle_s * 1_000, "the same, idle")


async def _latencies(daemon: Daemon, client: Any, going_on: Any) -> tuple[list[float], list[float]]:
    """Sorted seconds of commands and of refusals, one after the other while `going_on(taken)`."""
    replies: list[float] = []
    refusals: list[float] = []
    while going_on(len(replies)):
        replies.append(await _command(client))
        refusals.append(await _refusal(daemon.kernel))
    return sorted(replies), sorted(refusals)


async def _command(client: Any) -> float:
    """One command as an operator sends it, until its reply is in the stream."""
    last = await client.xrevrange(REPLIES, count=1)
    cursor = last[0][0] if last else "0-0"
    began = time.perf_counter()
    sent = await client.xadd(COMMANDS, {"verb": "pin", "component": "worker", "state": "COLD", "reason": "a burst"})
    while True:
        for _, entries in await client.xread({REPLIES: cursor}, block=1_000):
            for cursor, fields in entries:  # noqa: B007 - the next read goes on there
                if fields["id"] == sent:
                    return time.perf_counter() - began


async def _refusal(kernel: Kernel) -> float:
    """One step asked of the supervisor that it cannot grant: the component is pinned COLD."""
    began = time.perf_counter()
    await kernel.ask(SUPERVISOR, StepAsked("worker", Step.WARM), ASK_S)
    return time.perf_counter() - began
