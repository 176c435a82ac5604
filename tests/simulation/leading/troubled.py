"""Several daemons under everything that a seed draws: pauses, partitions, crashes, hand-overs, promotions, clocks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from config.plan import Plan
from machines.invariants import Finding
from machines.ports.lease import WANTED_FIRST_S
from tests.simulation import checks
from tests.simulation.faulting import MONTHS
from tests.simulation.leading.led_world import LedWorld, MachineClock
from tests.simulation.leading.many_processes import run_many
from tests.simulation.leading.one_daemon import RESTART_S, OneDaemon
from tests.simulation.scenario import SETTLES_WITHIN_S, latest, require_none

BOOTS_WITHIN_S: Final = 1.0
"""So much of a takeover is neither the lease nor the poll."""
LOOK_S: Final = 0.05
CLOCKS_DIFFER_S: Final = 60.0
"""Machines whose clocks differ by more than the tolerance of the clock watch freeze their decisions, as they must."""
ROUNDS_MAX: Final = 6_000_000


class Trouble:
    """What strikes one run, drawn once."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(f"leading {seed}")
        self.kinds = [each for each in sorted(KINDS) if chance.random() < 0.6] or ["crash"]
        self.machines = chance.choice((2, 2, 3))
        self.pace_s = chance.choice(((0.2, 1, 4), (1, 10, 40), (5, 30, 120)))
        self.late_requests = chance.random() < 0.5

    def __str__(self) -> str:
        late = ", late requests" if self.late_requests else ""
        return f"{self.machines} machines, {', '.join(self.kinds)} every {self.pace_s} s{late}"


class TroubledLife:
    """One run: the machines, what strikes them, and who watches the lead."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.trouble = Trouble(seed)
        self.world = LedWorld(plan, seed)
        self.world.told = f"seed {seed}: {self.trouble}"
        self.chance = self.trouble.chance
        self.machines: list[OneDaemon] = []
        self.takeovers_s: list[float] = []
        """How long nobody led, each time."""
        self.struck: list[str] = []

    def run(self) -> LedWorld:
        """From the first start to the rest at the end; raises `AssertionError` at the first finding."""
        run_many(self._live, self.world.seed, rounds_max=ROUNDS_MAX)
        return self.world

    async def _live(self) -> None:
        world = self.world
        world.clock.begin_life()
        self.machines = [
            OneDaemon(
                world,
                f"machine-{number}",
                MachineClock(world, self.chance.uniform(0, CLOCKS_DIFFER_S), self.chance.uniform(1, 10**6)),
            )
            for number in range(self.trouble.machines)
        ]
        for each in self.machines:
            each.start()
        beside = [asyncio.ensure_future(each) for each in (self._mind(), self._watch())]
        striking = asyncio.ensure_future(self._strike())
        for deliver in MONTHS:
            deliver(world)
            await asyncio.sleep(self.chance.choice((0.1, 3, 30, 60)))
            self.require_none(beside)
        striking.cancel()
        self._cease()
        await self._rest(beside)
        for task in (*beside, striking):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def require_none(self, beside: Sequence[asyncio.Future[None]]) -> None:
        """Fail at the first finding, and with what failed among the watchers."""
        for task in beside:
            if task.done():
                task.result()
        if self.world.findings:
            self.world.told += f"\n{'; '.join(self.struck[-12:])}"
        require_none(self.world)

    # --- at the end ---

    def _cease(self) -> None:
        for each in self.machines:
            each.cuts.store = each.cuts.redis = each.cuts.providers = False
            each.delay_s = 0.0
            if each.process.held is not None:
                each.process.go_on()

    async def _rest(self, beside: Sequence[asyncio.Future[None]]) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + SETTLES_WITHIN_S
        while busy := self._busy():
            self.require_none(beside)
            assert loop.time() < until_s, f"{self.world.told}\nI12: {busy}\n{self.struck[-12:]}\n{latest(self.world)}"
            await asyncio.sleep(0.5)
        self.require_none(beside)

    def _busy(self) -> list[str]:
        leading = [each for each in self.machines if each.leads]
        if len(leading) != 1 or leading[0].daemon is None:
            return [f"{len(leading)} lead"]
        daemon = leading[0].daemon
        return [*checks.still_busy(self.world, daemon), *(f"{key} freezes" for key in daemon.recorder.state.freezes)]

    # --- beside it all ---

    async def _mind(self) -> None:
        """The service managers: what ended is started again; an end with an error is a finding."""
        while True:
            await asyncio.sleep(RESTART_S)
            for each in self.machines:
                if each.ended:
                    if (failure := each.failure()) is not None:
                        self.world.findings.append(Finding("end", f"{each.candidate.name} ended with {failure!r}"))
                    each.start()

    async def _watch(self) -> None:
        """Nobody leads for longer than lease, poll and boot take while somebody could."""
        loop, settings = asyncio.get_running_loop(), self.world.settings.lease
        able_since: dict[str, float] = {}
        led_at = loop.time()
        while True:
            await asyncio.sleep(LOOK_S)
            now = loop.time()
            able = {each.candidate.name for each in self.machines if self._is_able(each)}
            able_since = {name: able_since.get(name, now) for name in able}
            if any(each.leads and each.daemon is not None and self._is_able(each) for each in self.machines):
                if now - led_at > 2 * LOOK_S:
                    self.takeovers_s.append(now - led_at)
                led_at = now
                continue
            bound_s = settings.ttl_s + settings.poll_every_ms / 1_000 + WANTED_FIRST_S + BOOTS_WITHIN_S
            waited_s = now - max(led_at, min(able_since.values(), default=now))
            if waited_s > bound_s:
                text = f"nobody leads for {waited_s:.2f} s, though {sorted(able)} could; {bound_s} s are allowed"
                self.world.findings.append(Finding("takeover", text))
                led_at = now

    def _is_able(self, each: OneDaemon) -> bool:
        return not each.ended and each.process.held is None and not each.cuts.store

    async def _strike(self) -> None:
        while True:
            await asyncio.sleep(self.chance.choice(self.trouble.pace_s))
            if self.trouble.late_requests:
                for each in self.machines:
                    each.delay_s = self.chance.choice((0, 0, 0.5, 5, 20))
            kind = self.chance.choice(self.trouble.kinds)
            each = self._victim()
            self.struck.append(f"{asyncio.get_running_loop().time():.2f} {kind} {each.candidate.name}")
            await KINDS[kind](self, each)

    def _victim(self) -> OneDaemon:
        """Mostly whoever leads."""
        leading = [each for each in self.machines if each.leads]
        return leading[0] if leading and self.chance.random() < 0.7 else self.chance.choice(self.machines)


async def _crash(life: TroubledLife, each: OneDaemon) -> None:
    each.process.kill()


async def _hold_still(life: TroubledLife, each: OneDaemon) -> None:
    process = each.process
    process.hold_still()
    await asyncio.sleep(life.chance.choice((0.3, 2, 6, 7, 15)))
    if process.held is not None:
        process.go_on()


async def _cut_from_store(life: TroubledLife, each: OneDaemon) -> None:
    each.cuts.store = True
    await asyncio.sleep(life.chance.choice((0.5, 4, 8)))
    each.cuts.store = False


async def _cut_from_redis(life: TroubledLife, each: OneDaemon) -> None:
    each.cuts.redis = True
    await asyncio.sleep(life.chance.choice((0.5, 4, 20)))
    each.cuts.redis = False


async def _cut_from_providers(life: TroubledLife, each: OneDaemon) -> None:
    each.cuts.providers = True
    await asyncio.sleep(life.chance.choice((0.5, 4, 20)))
    each.cuts.providers = False


async def _hand_over(life: TroubledLife, each: OneDaemon) -> None:
    each.stop.set()


async def _promote(life: TroubledLife, each: OneDaemon) -> None:
    life.world.lease.wanted = each.candidate.name


async def _step_clock(life: TroubledLife, each: OneDaemon) -> None:
    each.clock.step(life.chance.uniform(-CLOCKS_DIFFER_S, CLOCKS_DIFFER_S))


async def _step_store_clock(life: TroubledLife, each: OneDaemon) -> None:
    life.world.lease_clock.step(life.chance.uniform(-10 * CLOCKS_DIFFER_S, 10 * CLOCKS_DIFFER_S))


KINDS: Final[dict[str, Callable[[TroubledLife, OneDaemon], Awaitable[None]]]] = {
    "crash": _crash,
    "hold still": _hold_still,
    "cut from the store": _cut_from_store,
    "cut from Redis": _cut_from_redis,
    "cut from providers": _cut_from_providers,
    "hand over": _hand_over,
    "promote": _promote,
    "step the clock": _step_clock,
    "step the store's clock": _step_store_clock,
}
