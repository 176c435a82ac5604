"""One process that stands by, leads, and ends: the leading of `daemon/leading`, on in-memory ports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from adapters.memory_journal import MemoryJournal
from adapters.memory_lease import MemoryLeaseDesk
from adapters.memory_streams import MemoryServer, MemoryStreams
from daemon.leading.held import HeldLease, kept
from daemon.leading.streams import LedStreams
from daemon.leading.watching import LeaseWatch
from daemon.ports import Ports
from daemon.running import Daemon
from machines.events import Mode, Recorded
from machines.ports.journal import JournalFencedError, JournalRefusedError, PaymentSeen, Proposal, Snapshot
from machines.ports.lease import Candidate, LeaseAwayError
from machines.ports.streams import StreamsAwayError
from tests.simulation.leading.led_world import LedWorld, MachineClock, Provider
from tests.simulation.leading.many_processes import SimulatedProcess

RESTART_S: Final = 1.0
"""How soon the service manager starts it again."""


class Cuts(msgspec.Struct):
    """What a process does not reach at the moment."""

    store: bool = False
    redis: bool = False
    providers: bool = False


class LedJournal(MemoryJournal):
    """The journal as one process reaches it; once it is fenced off, the process knows that it leads no longer."""

    cuts: Cuts
    fenced: asyncio.Event

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Append where the store is reached; the answer may be lost on its way."""
        self._require_reached()
        try:
            return await super().append(group, payments)
        except JournalFencedError:
            self.fenced.set()
            raise

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """Keep it where the store is reached."""
        self._require_reached()
        await super().write_snapshot(snapshot)

    def _require_reached(self) -> None:
        if self.cuts.store:
            raise JournalRefusedError("no route to the store")


class OneDaemon:
    """A machine on which one daemon is started, and started again."""

    def __init__(self, world: LedWorld, name: str, clock: MachineClock) -> None:
        self.world = world
        self.name = name
        self.clock = clock
        self.cuts = Cuts()
        self.delay_s = 0.0
        """How long its next requests are on their way to a provider."""
        self.process: SimulatedProcess
        self.daemon: Daemon | None = None
        """While it leads."""
        self.lease: HeldLease | None = None
        self.candidate: Candidate
        self.stop: asyncio.Event
        self._starts = 0
        self._live: asyncio.Task[None]

    def start(self) -> None:
        """A new process."""
        self._starts += 1
        self.candidate = Candidate(f"{self.name}/{self._starts}")
        self.daemon, self.lease, self.stop = None, None, asyncio.Event()
        self.process = SimulatedProcess(self.candidate.name)
        self._live = self.process.start(self._run())

    @property
    def leads(self) -> bool:
        """Whether it holds a lease that nobody else can have."""
        return self.lease is not None and self.lease.leads() and not self.process.dead

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.dead or self._live.done()

    def failure(self) -> BaseException | None:
        """What ended it, where that was no stop and no lost lease."""
        return None if self.process.dead or not self._live.done() else self._live.exception()

    async def _run(self) -> None:
        desk = MemoryLeaseDesk(self.world.lease, self._before_store)
        lease = await self._stand_by(desk)
        if lease is None:
            return
        self.lease = lease
        try:
            async with kept(lease):
                await self._lead(lease)
        finally:
            await lease.give_back()
            self.daemon = None

    def _before_store(self, _method: str) -> None:
        if self.cuts.store:
            raise LeaseAwayError("no route to the store")

    async def _stand_by(self, desk: MemoryLeaseDesk) -> HeldLease | None:
        settings = self.world.settings.lease
        watch = LeaseWatch(desk, settings, self.clock.monotonic_s)
        while not self.stop.is_set():
            try:
                watch.see(await desk.stand_by(self.candidate, 0))
                lease = await watch.take(self.candidate)
                if lease is not None:
                    return lease
            except LeaseAwayError:
                pass
            await asyncio.sleep(settings.poll_every_ms / 1_000)
        return None

    async def _lead(self, lease: HeldLease) -> None:
        journal = self._journal(lease.fencing)
        daemon = self._daemon(lease, journal)
        try:
            await daemon.start()
        except (JournalRefusedError, JournalFencedError):
            return  # it ends, and the service manager starts it again
        self.daemon = daemon
        self.world.leads.append((asyncio.get_running_loop().time(), self.candidate.name, lease.fencing))
        ends = [asyncio.ensure_future(each.wait()) for each in (self.stop, lease.lost, lease.wanted, journal.fenced)]
        try:
            await asyncio.wait([*ends, daemon.kernel.fatal], return_when=asyncio.FIRST_COMPLETED)
            if daemon.kernel.fatal.done() and not journal.fenced.is_set():
                await daemon.kernel.fatal
        finally:
            for each in ends:
                each.cancel()
            await daemon.stop()
            await journal.close()

    def _journal(self, fencing: int) -> LedJournal:
        name, world = self.candidate.name, self.world
        journal = LedJournal(
            world.store,
            self.clock,
            after_append=lambda group: world.appended(name, fencing, group),
            fencing=fencing,
        )
        journal.cuts, journal.fenced = self.cuts, asyncio.Event()
        return journal

    def _daemon(self, lease: HeldLease, journal: LedJournal) -> Daemon:
        world = self.world
        provider = Provider(world, self.clock, lambda: self.cuts.providers, lambda: self.delay_s)
        ports = Ports(
            clock=self.clock,
            journal=journal,
            streams=LedStreams(CutStreams(world.server, self.cuts), lease),
            observers={"simulated": provider},
            provisioners={"simulated": provider},
            customer_key=journal.customer_key,
            jitter=lambda: 1.0,
            leadership=lease,
        )
        return Daemon(
            ports,
            world.settings,
            plan=world.plan,
            read_plan=lambda: world.plan,
            mode=Mode.ACT,
            holder=self.candidate.name,
            version="0",
        )


class CutStreams(MemoryStreams):
    """The streams as one process reaches them."""

    def __init__(self, server: MemoryServer, cuts: Cuts) -> None:
        super().__init__(server)
        self._server = _CutServer(server, cuts)  # type: ignore[assignment]  # it stands before the server


class _CutServer:
    """Everything of the server, as long as it is reached."""

    def __init__(self, server: MemoryServer, cuts: Cuts) -> None:
        self._reached = server
        self._cuts = cuts

    def __getattr__(self, name: str) -> object:
        if self._cuts.redis and name in ("call", "wait_for_entries"):
            raise StreamsAwayError("no route to the server")
        return getattr(self._reached, name)
