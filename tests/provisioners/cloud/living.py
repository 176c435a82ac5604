"""A whole daemon on all places: what a shop and an operator send it, and waiting until it has done what follows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import msgspec
import pytest
from redis.asyncio import Redis

from adapters.clocks import SystemClock
from config.calendar import month_text
from config.settings import Mode, PaymentsSettings, ProvisioningSettings, Settings
from daemon.running import Daemon
from daemon.service import Serving, serve
from machines.breaker import BreakerLimits
from machines.events import Recorded
from machines.granting import GrantLimits
from machines.invariants import unsettled
from machines.measuring import days_known_through
from tests.provisioners.cloud.places import Places

SETTLES_WITHIN_S: Final = 3_600
"""Of the loop, which is in a hurry."""
LOOK_EVERY_S: Final = 2.0


class Living:
    """The daemon, and its streams as those outside see them."""

    def __init__(self, daemon: Daemon, redis: Redis, instance: str) -> None:
        """`redis` speaks in texts."""
        self.daemon = daemon
        self.instance = instance
        self._redis = redis
        self._last_entry = ""

    async def month(self, month: str, amount: str) -> None:
        """A month's revenue in one payment and the watermark that closes it, and all that follows."""
        fields = {
            "payment_id": month,
            "customer_id": "c1",
            "amount": amount,
            "currency": "EUR",
            "status": "completed",
            "created_at": f"{month}-15T12:00:00Z",
            "kind": "payment",
        }
        await self._send(fields)
        year, number = int(month[:4]), int(month[5:])
        await self._send({"watermark": f"{month_text(year * 12 + number)}-01T00:00:00Z"})
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is under way that ends by itself."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + SETTLES_WITHIN_S
        while busy := self._busy():
            assert loop.time() < until_s, f"not settled: {busy}; {self.parked()}"
            await asyncio.sleep(LOOK_EVERY_S)

    def parked(self) -> dict[str, str]:
        """What waits for an operator, and why."""
        records = self.daemon.recorder.state.components.records.values()
        return {each.id: each.parked for each in records if each.parked}

    def recorded(self) -> dict[str, str]:
        """The state of each component that is not COLD, as the journal has it."""
        records = self.daemon.recorder.state.components.records.values()
        return {each.id: each.state.value for each in records if each.state.value != "COLD"}

    async def events(self) -> list[Recorded]:
        """The journal."""
        return [each async for each in self.daemon.ports.journal.read()]

    def _busy(self) -> list[str]:
        state, breaker = self.daemon.recorder.state, self.daemon.settings.breaker
        limits = BreakerLimits(**{name: getattr(breaker, name) for name in msgspec.structs.asdict(breaker)})
        now = self.daemon.ports.clock.wall()
        busy = unsettled(
            state,
            now=now,
            epoch=self.daemon.ports.journal.identity.epoch,
            limits=GrantLimits(self.daemon.settings.provisioning.step_deadline_s, limits),
            days_through=min(days_known_through(state.revenue), now),
        )
        busy += [f"frozen by {freeze}" for freeze in state.freezes]
        if self._last_entry and state.cursors.get("payments") != self._last_entry:
            busy.append(f"payments are read up to {state.cursors.get('payments')}")
        return busy

    async def _send(self, fields: dict[str, str]) -> None:
        name = f"solvent:{self.instance}:payments"
        self._last_entry = str(await self._redis.xadd(name, dict(fields)))  # type: ignore[arg-type]  # texts are values


@contextlib.asynccontextmanager
async def living(places: Places, instance: str, mode: Mode = Mode.ACT) -> AsyncIterator[Living]:
    """A daemon with that plan, its environment the places', until the end of the block."""
    settings = Settings(
        plan=str(places.plan),
        instance=instance,
        state_dir=str(places.folder / instance),
        redis=places.redis_url,
        http="127.0.0.1:0",
        mode=mode,
        payments=PaymentsSettings(block_ms=20),  # Redis is not in a hurry: what it waits for, our loop would give up
        provisioning=ProvisioningSettings(call_timeout_s=3_600, step_deadline_s=86_400),
    )
    stop, serving = asyncio.Event(), asyncio.get_running_loop().create_future()

    def at_ready(ready: Serving) -> None:
        serving.set_result(ready.daemon)

    with pytest.MonkeyPatch.context() as environment:
        for name, text in places.environment.items():
            environment.setenv(name, text)
        redis = Redis.from_url(places.redis_url, protocol=2, decode_responses=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(settings, SystemClock(), stop=stop, ready=at_ready), name="the daemon")
            try:
                yield Living(await serving, redis, instance)
            finally:
                await redis.aclose()
                stop.set()
