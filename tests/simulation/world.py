"""One simulated installation: what survives the processes, and the processes that live on it, one after the other."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.memory_streams import MemoryServer, MemoryStreams
from adapters.provisioners.simulated import Faults, Hooks, SimulatedProvisioner, SimulatedWorld
from config.instants import SECOND, Instant, instant_from_text
from config.plan import Plan
from config.settings import CommandsSettings, Settings
from daemon.kernel import EventKind
from daemon.ports import Ports
from daemon.running import Daemon
from machines.events import Mode, Recorded
from machines.invariants import Auditor, CallStarted, Finding
from machines.ports.journal import JournalIdentity, JournalRefusedError, PaymentSeen, Proposal
from machines.ports.provisioner import Resource
from machines.ports.sources import PaymentSource
from machines.ports.streams import Entry
from tests.simulation import checks
from tests.simulation.virtual_loop import Livelock, SimulatedCrash, VirtualLoop, run

WHOLE_EVERY_CALLS: Final = 64
"""After every call what it can change is looked at, and after so many all that stands."""
ORIGIN: Final = instant_from_text("2026-01-01T00:00:00Z")
SETTINGS: Final = Settings(plan="ladder", commands=CommandsSettings(principals=("operator", "second")))


class SurvivingClock:
    """Wall time goes on from one process to the next; monotonic time begins anew with each."""

    def __init__(self, origin: Instant) -> None:
        self._origin = origin
        self._last_s = 0.0

    def begin_life(self) -> None:
        """A new loop runs: its time begins at 0."""
        self._origin += round(self._last_s * SECOND)
        self._last_s = 0.0

    def wall(self) -> Instant:
        """The time of the installation."""
        return self._origin + round(self.monotonic_s() * SECOND)

    def monotonic_s(self) -> float:
        """Seconds of the running loop."""
        self._last_s = asyncio.get_running_loop().time()
        return self._last_s

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the loop."""
        await asyncio.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Step the wall, as an operator or a time server does."""
        self._origin += round(seconds * SECOND)


class SlowJournal(MemoryJournal):
    """A disk that takes its time: while a group is on its way, everybody decides on what was durable before."""

    delay_s: Callable[[], float] = staticmethod(lambda: 0.0)

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Wait, then append."""
        if delay_s := self.delay_s():
            await asyncio.sleep(delay_s)
        return await super().append(group, payments)


class World:
    """What survives: journal, server, infrastructure, clock; and what watches: the auditor and its findings."""

    def __init__(self, plan: Plan, seed: int, *, settings: Settings = SETTINGS, mode: Mode = Mode.ACT) -> None:
        self.plan, self.settings, self.mode, self.seed = plan, settings, mode, seed
        self.chance = random.Random(seed)
        self.clock = SurvivingClock(ORIGIN)
        self.server = MemoryServer(self.clock)
        self.store = MemoryStore(JournalIdentity("simulated", 1))
        self.infrastructure = SimulatedWorld()
        self.faults = Faults(self.chance.randrange)
        self.auditor = Auditor()
        self.findings: list[Finding] = []
        self.calls: list[CallStarted] = []
        self.sent: list[tuple[str, Entry]] = []
        """Every entry that was ever sent, with its stream."""
        self.kernel_events: list[tuple[str, str, str]] = []
        self.told = f"seed {seed}"
        """How to run exactly this one again."""
        self.delivered = 0
        """How many of the scenario's stimuli have been delivered."""
        self.lives = 0
        self.rounds = 0
        """How many rounds the loop of the last life made."""
        self.refuses: Callable[[], bool] = lambda: False
        """Whether the journal's disk is full at this moment."""
        self.append_s: Callable[[], float] = lambda: 0.0
        """How long the disk takes for the next group."""
        self.points: list[str] = []
        """The names of the crash points passed in this run, where they are noted."""
        self.watch_points: Callable[[str], None] = lambda name: None
        """Told of every crash point; may let the process die there."""
        self.crash_at: int | None = None
        self.passed = 0
        """How many crash points were passed."""
        self.before_observe: Callable[[Resource], None] = lambda resource: None
        self.sources: Callable[[], Sequence[PaymentSource]] = lambda: ()
        """The configured sources that are asked, as each process makes them."""
        self.daemon: Daemon | None = None
        self._death: asyncio.Future[None] | None = None
        self._dead = False
        self._loop: asyncio.AbstractEventLoop
        self._server_hooks()

    # --- crash points ---

    def point(self, name: str) -> None:
        """Every place where the process may die; the dead pass none."""
        if self._dead:
            raise SimulatedCrash("the dead go no further")
        self.watch_points(name)
        self.passed += 1
        if self.crash_at is None:
            self.points.append(name)
        elif self.passed == self.crash_at:
            self.die(name)

    def die(self, where: str) -> None:
        """The process dies here: whatever it still tries reaches nothing."""
        self._dead = True
        self.store.fence()
        self.infrastructure.begin_epoch()
        if self._death is not None and not self._death.done():
            self._death.set_exception(SimulatedCrash(where))
        raise SimulatedCrash(where)

    def _server_hooks(self) -> None:
        self.server.before_call = lambda call: self.point(f"before streams.{call}")
        self.server.after_call = lambda call: self.point(f"after streams.{call}")

    def _before_append(self, group: Sequence[Proposal]) -> None:
        if self.refuses():
            raise JournalRefusedError("the disk is full")
        self.point(f"before append of {_names(group)}")

    def _after_append(self, group: Sequence[Proposal]) -> None:
        self.catch_up()
        self.point(f"after append of {_names(group)}")

    def _before_call(self, call: str, resource: Resource) -> None:
        assert self.daemon is not None
        self.calls.append(CallStarted(call, resource.component, self.daemon.kernel.is_stopping))
        if call == "observe":
            self.before_observe(resource)
        else:
            self.findings.extend(checks.call_findings(self, call, resource))
        self.point(f"before {call} of {resource.component}")

    def _after_call(self, call: str, resource: Resource) -> None:
        if not self._dead:
            every = len(self.calls) % WHOLE_EVERY_CALLS == 0
            self.findings.extend(checks.infrastructure_findings(self, None if every else resource))
        self.point(f"after {call} of {resource.component}")

    def catch_up(self) -> None:
        """Feed the auditor everything that is durable; it watches all lives as one."""
        for stored in self.store.events[self.auditor.state.sequence :]:
            self.findings.extend(self.auditor.feed(stored.recorded()))

    # --- lives ---

    def boot(self) -> Daemon:
        """A fresh daemon on what survived."""
        journal = SlowJournal(self.store, self.clock, self._before_append, self._after_append)
        journal.delay_s = lambda: self.append_s()  # noqa: PLW0108 - it is switched while the process lives
        hooks = Hooks(self._before_call, self._after_call)
        provisioner = SimulatedProvisioner(self.infrastructure, self.clock, self.faults, hooks)
        acting = self.mode is Mode.ACT
        ports = Ports(
            clock=self.clock,
            journal=journal,
            streams=MemoryStreams(self.server),
            observers={"simulated": provisioner},
            provisioners={"simulated": provisioner} if acting else {},
            customer_key=journal.customer_key,
            jitter=lambda: 1.0,
            sources=self.sources(),
        )
        daemon = Daemon(
            ports,
            self.settings,
            plan=self.plan,
            read_plan=lambda: self.plan,
            mode=self.mode,
            holder=f"life {self.lives}",
            version="0",
        )
        daemon.kernel_listeners.append(self._note)
        return daemon

    def _note(self, kind: EventKind, name: str, detail: str) -> None:
        if not self._dead:
            self.kernel_events.append((kind.value, name, detail))

    def live(
        self,
        body: Callable[[World, Daemon], Awaitable[None]],
        *,
        rounds_max: int = 2_000_000,
        stops: bool = True,
    ) -> bool:
        """One process from boot to its end; whether it ended by itself. `rounds_max` ends it after so many rounds."""
        self.lives += 1
        self.rounds = 0
        try:
            run(
                lambda: self._life(body, stops=stops, rounds_max=rounds_max),
                self.seed * 1_000 + self.lives,
                rounds_max=rounds_max,
            )
        except (SimulatedCrash, Livelock):
            return False
        except JournalRefusedError:
            self.refuses = lambda: False  # the disk was full at boot: the service manager tries again
            return False
        return True

    async def _life(self, body: Callable[[World, Daemon], Awaitable[None]], *, stops: bool, rounds_max: int) -> None:
        self.clock.begin_life()
        self._dead = False
        self._loop = asyncio.get_running_loop()
        self._death = self._loop.create_future()
        try:
            work = self._loop.create_task(self._work(body, stops=stops), name="the scenario")
            await asyncio.wait((work, self._death), return_when=asyncio.FIRST_COMPLETED)
            if self._death.done():
                self._death.result()
            work.result()
        finally:
            if isinstance(self._loop, VirtualLoop):
                self.rounds = rounds_max - self._loop.rounds_left
            # The process ends here, whichever way; what its left-over tasks say concerns nobody.
            self._loop.set_exception_handler(lambda loop, context: None)
            self._dead = True
            self.store.fence()
            self.infrastructure.begin_epoch()
            self.catch_up()

    async def _work(self, body: Callable[[World, Daemon], Awaitable[None]], *, stops: bool) -> None:
        self.daemon = daemon = self.boot()
        await daemon.start()
        running = asyncio.ensure_future(body(self, daemon))
        await asyncio.wait((running, daemon.kernel.fatal), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await daemon.kernel.fatal
        running.result()
        self.compare(daemon)
        if stops:
            await daemon.stop()
        self.findings.extend(checks.stop_findings(self))

    def compare(self, daemon: Daemon) -> None:
        """I9: at the end of a life's work the daemon has folded what is durable, and nothing else."""
        self.findings.extend(self.auditor.compare(daemon.recorder.state))

    # --- from outside ---

    def send(self, stream: str, fields: dict[str, str]) -> None:
        """Add an entry to a stream, as a shop or an operator does."""
        self.sent.append((stream, Entry(self.server.add(stream, fields), fields)))

    def sent_to(self, stream: str) -> list[Entry]:
        """What was sent to a stream; the daemon trims what it has read."""
        return [entry for name, entry in self.sent if name == stream]

    # --- reading ---

    def events(self, after: int = 0) -> list[Recorded]:
        """The durable events after a sequence number."""
        return [stored.recorded() for stored in self.store.events[after:]]


def _names(group: Sequence[Proposal]) -> str:
    return ", ".join(type(each.event).__name__ for each in group)
