"""An installation in virtual time whose notifications go to scripted channels; it survives the death of its process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from adapters.memory_journal import MemoryJournal, MemoryStore
from config.instants import Instant, instant_from_text
from config.settings import NotificationSettings, Severity
from daemon.kernel import ActorPolicy, Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.recorder import Recorder
from daemon.resume import encode_state, resume
from daemon.roots.notifications import Notifications, OpenChannel, Times
from machines import events
from machines.events import Event, Mode
from machines.notifying.condition import Condition
from machines.ports.journal import Proposal
from machines.state.whole import State
from tests.machines.histories import SHOP
from tests.notifications.scripted_channel import ScriptedChannel
from tests.simulation.virtual_loop import SimulatedCrash, run
from tests.simulation.world import SurvivingClock

BEGIN: Instant = instant_from_text("2026-03-02T12:00:00Z")
Hook = Callable[[Sequence[Proposal]], None]


def nowhere(_: Sequence[Proposal]) -> None:
    """A journal's hook that lets everything pass."""


class Installation:
    """What survives: journal, clock and receivers."""

    def __init__(self, *channels: ScriptedChannel, least: Severity = Severity.INFO, **settings: Any) -> None:
        """All channels want `least`; `settings` are those of `[notifications]`."""
        self.clock = SurvivingClock(BEGIN)
        self.store = MemoryStore()
        self.channels = {each.name: each for each in channels}
        for channel in channels:
            channel.now_s = self.now_s
        self.least = {each.name: least for each in channels}
        self.fingerprints = {each.name: "first" for each in channels}
        self.settings = NotificationSettings(**settings)
        self.others: list[Condition] = []
        self.before: Hook = nowhere
        self.after: Hook = nowhere
        self.lives = 0
        self.beat_s = 900.0
        self.notifies = True
        """False is a daemon whose settings have no channel."""
        self.recorder: Recorder
        self._death: asyncio.Future[None]
        self.dead = False

    @property
    def state(self) -> State:
        """As the living process has it."""
        return self.recorder.state

    def told(self, kind: type[Any]) -> list[Any]:
        """The durable events of one kind."""
        return [each for stored in self.store.events if isinstance(each := stored.recorded().event, kind)]

    def now_s(self) -> float:
        """Seconds since the installation began."""
        return (self.clock.wall() - BEGIN) / 1_000_000

    def die(self) -> None:
        """The process dies here."""
        self.dead = True
        self.store.fence()
        if not self._death.done():
            self._death.set_exception(SimulatedCrash("here"))
        raise SimulatedCrash("here")

    def live(self, play: Callable[[Installation], Awaitable[Any]], seed: int = 1) -> bool:
        """One process from its start to the end of the play; False where it died on the way."""
        self.lives += 1
        try:
            run(lambda: self._life(play), seed)
        except SimulatedCrash:
            return False
        return True

    async def tell(self, *happened: Event) -> None:
        """These happen."""
        await self.recorder.record("test", happened)

    async def _life(self, play: Callable[[Installation], Awaitable[Any]]) -> None:
        self.clock.begin_life()
        self.dead = False
        loop = asyncio.get_running_loop()
        self._death = loop.create_future()
        try:
            work = loop.create_task(self._work(play))
            await asyncio.wait((work, self._death), return_when=asyncio.FIRST_COMPLETED)
            if self._death.done():
                self._death.result()
            work.result()
        finally:
            loop.set_exception_handler(lambda _, __: None)
            self.store.fence()

    async def _work(self, play: Callable[[Installation], Awaitable[Any]]) -> None:
        journal = MemoryJournal(self.store, self.clock, self.before, self.after)
        resumed = await resume(journal)
        self.recorder = Recorder(
            journal,
            resumed.state,
            self.clock,
            group_events_max=1_000,
            snapshot_every_events=10_000,
            encode_state=encode_state,
        )
        self.kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        self.recorder.attach(self.kernel)
        adopted = [] if resumed.state.plan else [events.PlanAdopted(SHOP, "f")]
        await self.recorder.record("boot", [events.Started("shop", "0", Mode.OBSERVE_ONLY), *adopted])
        root = Notifications(
            recorder=self.recorder,
            channels=lambda: [
                OpenChannel(each, self.least[name], self.fingerprints[name]) for name, each in self.channels.items()
            ],
            settings=self.settings,
            instance="shop",
            jitter=lambda: 1.0,
            others=lambda: self.others,
            times=Times(beat_s=self.beat_s),
        )
        policy = ActorPolicy(RestartPolicy(1, 60, 1, 1), 10)
        if self.notifies:
            self.kernel.roots.start("notifications", root.run, owner="test", policy=policy.restart, essential=True)
        await pause(3)
        await play(self)
        await self.kernel.stop(ask_s=5, cancel_s=5)


def frozen(key: str, *, over: bool = False) -> Event:
    """A reason to change nothing begins, or is over."""
    return events.FreezeChanged(key, frozen=not over, reason=f"the {key} is not what it seems")
