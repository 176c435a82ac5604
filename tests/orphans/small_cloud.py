"""A cloud of tagged resources, and a sweep that runs over it in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.instants import HOUR, instant_from_text
from daemon.actuator import Actuator
from daemon.kernel import Kernel, RestartPolicy, Root, pause
from daemon.recorder import Recorder
from daemon.resume import boot_events, encode_state, resume
from daemon.roots.orphans import Orphans, SweepTimes
from machines.event_codec import decode_event
from machines.events import Event, Mode, OrphanRemovalAsked, StepIntended
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation
from machines.ports.faults import CallError
from machines.ports.journal import JournalIdentity
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Provisioner, Resource, StepBegun, StepDone, StepOrder
from machines.state.whole import State
from tests.deciding.months import autobroker
from tests.simulation.virtual_loop import run

ORIGIN: Final = instant_from_text("2026-01-01T00:00:00Z")
EVERY_S, AGAIN_S = 3_600, 60
OLD: Final = FoundResource("simulated", "arn:old", "gone", "left-token")
OWNED: Final = FoundResource("simulated", "arn:part", "part_1", "part-token")
"""What component part_1 stands on, once `intends_part` is recorded."""


class SmallCloud:
    """Lists what stands and removes it; `answers` come first, in their order."""

    kind = "simulated"

    def __init__(self, *standing: FoundResource) -> None:
        """These stand from the start."""
        self.standing = list(standing)
        self.lists = 0
        self.list_fails: Exception | None = None
        self.before_list: Callable[[], None] = lambda: None
        self.before_remove: Callable[[], None] = lambda: None
        self.answers: list[StepDone | StepBegun | CallError] = []
        self.removals: list[FoundResource] = []
        """Every call to remove."""

    async def observe(self, resource: Resource) -> Observation:
        """No component looks here."""
        raise AssertionError

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """What stands now."""
        assert {plan} == {each.plan for each in known}
        self.lists += 1
        self.before_list()
        if self.list_fails is not None:
            raise self.list_fails
        return tuple(self.standing)

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """No component moves here."""
        raise AssertionError

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """The next answer; without one it is removed and done. An answer that is not `done` removes nothing."""
        self.removals.append(found)
        self.before_remove()
        mandate.require(f"the removal of {found.name}")
        answer = self.answers.pop(0) if self.answers else StepDone("r-1")
        if isinstance(answer, CallError):
            raise answer
        if isinstance(answer, StepDone):
            self.standing.remove(found)
        return answer

    async def close(self) -> None:
        """Nothing is held."""


class Sweeping:
    """A sweep at work: its recorder, its cloud, its root."""

    def __init__(self, recorder: Recorder, cloud: SmallCloud, store: MemoryStore, root: Root) -> None:
        self.recorder, self.cloud, self.root = recorder, cloud, root
        self._store = store
        self._booted = len(store.events)

    @property
    def state(self) -> State:
        """The state as folded."""
        return self.recorder.state

    def told(self) -> list[Event]:
        """Every event after the boot, decoded from the journal."""
        encoded = [each.encoded for each in self._store.events[self._booted :]]
        return [decode_event(each.name, each.version, each.data) for each in encoded]

    async def order(self, *which: FoundResource) -> None:
        """An operator orders known orphans to be removed within an hour; `OLD` where none is named."""
        deadline_at = self.recorder.clock.wall() + HOUR
        asked = [
            OrphanRemovalAsked(each.kind, each.name, each.component, each.token, deadline_at, "left over", "operator")
            for each in which or (OLD,)
        ]
        await self.recorder.record("operator", asked)


def intends_part() -> StepIntended:
    """Component part_1 is about to be made under the token of `OWNED`."""
    cold, warming = ComponentState.COLD, ComponentState.WARMING
    return StepIntended("part_1", Step.WARM, OWNED.token, 1, cold, warming, 0, ORIGIN + 9 * HOUR)


def sweep(
    cloud: SmallCloud,
    script: Callable[[Sweeping], Awaitable[None]],
    *,
    store: MemoryStore | None = None,
    mode: Mode = Mode.ACT,
) -> None:
    """One life of a sweep over the cloud: the script runs beside it, and ends it."""
    kept = store or MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")

    async def main() -> None:
        clock = LoopClock(ORIGIN)
        journal = MemoryJournal(kept, clock)
        state = (await resume(journal)).state
        recorder = Recorder(
            journal, state, clock, group_events_max=100, snapshot_every_events=10_000, encode_state=encode_state
        )
        kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        recorder.attach(kernel)
        plan = autobroker()
        await recorder.record("boot", boot_events(state, plan=plan, mode=mode, instance="solvent", version="0"))
        provisioners: dict[str, Provisioner] = {"simulated": cloud}
        actuator = Actuator(
            observers={"simulated": cloud},
            provisioners=provisioners if mode is Mode.ACT else {},
            clock=clock,
            call_timeout_s=300,
            concurrent_calls_max=1,
            stopping=lambda: kernel.is_stopping,
        )
        times = SweepTimes(every_s=EVERY_S, again_s=AGAIN_S)
        orphans = Orphans(recorder=recorder, actuator=actuator, epoch=1, times=times)
        policy = RestartPolicy(0, 60, 1, 1)
        root = kernel.roots.start("orphans", orphans.run, owner="orphans", policy=policy, essential=False)
        await script(Sweeping(recorder, cloud, kept, root))
        assert not root.reason
        await kernel.stop(ask_s=1, cancel_s=1)

    run(main, 1)


async def one_sweep() -> None:
    """Wait until both reads of the first sweep are over."""
    await pause(AGAIN_S + 1)
