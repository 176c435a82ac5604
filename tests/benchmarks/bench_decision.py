"""From the entry that closes a deciding month to the journaled intent of the first step it leads to.

Every close moves the one component of the plan, up and down in turn; the provider answers at once. The limit is what
one synchronised append costs on the same disk in the same run.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from redis.asyncio import Redis

from config.calendar import calendar_of, month_text
from config.instants import instant_text
from daemon.running import Daemon
from machines.events import Recorded, StepIntended
from machines.lifecycle_states import ComponentState
from tests.benchmarks.bench_journal import fsync_ms
from tests.benchmarks.figures import Figure, at_most, percentile
from tests.benchmarks.places import redis_server, resumed_daemon, shop_plan, until_published

STREAM = "solvent:payments"
FIRST_MONTH = 12 * 2000
TIME_LIMIT_S = 30
SYNCS_PER_CLOSE = 5
"""Measured between the closes, so that the limit sees the same machine, disk and neighbours."""
FSYNCS_MAX = 5
ADDED_MS_MAX = 2.0


class Closes:
    """Closes one month after the other and notes how long each took to become an intent."""

    def __init__(self, daemon: Daemon, client: Redis) -> None:
        self.times_ms: list[float] = []
        self._daemon = daemon
        self._client = client
        self._calendar = calendar_of("UTC")
        self._intended: asyncio.Future[float] | None = None
        daemon.recorder.listen(self._note)

    def _note(self, recorded: Recorded) -> None:
        """Listeners are told as soon as an event is durable."""
        waiting = self._intended
        if isinstance(recorded.event, StepIntended) and waiting is not None and not waiting.done():
            waiting.set_result(time.perf_counter())

    async def close(self, number: int) -> None:
        """One month with a payment, high in even months and low in odd ones, closed by its watermark."""
        month = self._calendar.month_of(self._calendar.start_of(FIRST_MONTH + number))
        high = number % 2 == 0
        await self._client.xadd(
            STREAM,
            {
                "payment_id": f"pay_{month_text(month)}",
                "customer_id": "customer",
                "amount": "500.00" if high else "60.00",
                "currency": "EUR",
                "status": "completed",
                "created_at": instant_text(self._calendar.start_of(month)),
                "kind": "payment",
            },
        )
        await self._settled(counted=number + 1)
        self._intended = asyncio.get_running_loop().create_future()
        began = time.perf_counter()
        await self._client.xadd(STREAM, {"watermark": instant_text(self._calendar.end_of(month))})
        async with asyncio.timeout(TIME_LIMIT_S):
            intended_s = await self._intended - began
        self.times_ms.append(intended_s * 1_000)
        await self._stands(ComponentState.HOT if high else ComponentState.COLD)

    async def _settled(self, counted: int) -> None:
        async with asyncio.timeout(TIME_LIMIT_S):
            while self._daemon.recorder.state.revenue.counters.counted < counted:  # noqa: ASYNC110 - seen from outside
                await asyncio.sleep(0.002)
        await self._quiet()

    async def _stands(self, wanted: ComponentState) -> None:
        record = self._daemon.recorder.state.components.of("worker")
        async with asyncio.timeout(TIME_LIMIT_S):
            while record.state is not wanted or record.intent is not None:  # noqa: ASYNC110 - seen from outside
                await asyncio.sleep(0.002)
        await self._quiet()

    async def _quiet(self) -> None:
        """Nothing of the last entry is under way any more, publication included."""
        await asyncio.sleep(0.02)
        await until_published(self._daemon, TIME_LIMIT_S)


async def close_times_ms(folder: Path, closes: int) -> tuple[list[float], list[float]]:
    """Sorted times of so many closes and of appends synchronised between them, in milliseconds."""
    syncs: list[float] = []
    async with redis_server(folder / "server") as url, resumed_daemon(folder / "daemon", url, shop_plan()) as daemon:
        daemon.begin()
        client: Redis = Redis.from_url(url)
        measured = Closes(daemon, client)
        for number in range(closes):
            await measured.close(number)
            syncs += await asyncio.to_thread(fsync_ms, folder / "synced", SYNCS_PER_CLOSE)
        await client.aclose()
    return sorted(measured.times_ms), sorted(syncs)


async def measure(folder: Path, closes: int) -> list[Figure]:
    """p50 and p99 beside those of a synchronised append."""
    times, syncs = await close_times_ms(folder, closes)
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    sync_p99 = percentile(syncs, 0.99)
    what = f"from closing entry to intent, {closes} closes"
    most_ms = FSYNCS_MAX * sync_p99 + ADDED_MS_MAX
    return [
        Figure(f"{what}, p50", p50, "ms", percentile(syncs, 0.5), "append + fsync, p50"),
        at_most(
            Figure(f"{what}, p99", p99, "ms", sync_p99, "append + fsync, p99"),
            most_ms,
            f"<= 5 x limit + 2 ms = {most_ms:.1f} ms",
        ),
    ]
