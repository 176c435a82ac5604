"""A component: looks at the world, compares, asks for one step, takes it, records the outcome, and looks again."""

from __future__ import annotations

from typing import Final

import msgspec

from config.plan import Component
from daemon.actors.looking import Surroundings
from daemon.actors.settling import SettlingActor
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.messages import Look, Move, NameRefused, SightReported, TargetAsked
from machines.events import Mode
from machines.lifecycle import next_step
from machines.lifecycle_states import ComponentState
from machines.observations import Observation
from machines.ports.faults import CallError, Permanent
from machines.state.components import ComponentRecord
from machines.stepping import Sight, compare, keeps_for_repair, known_tokens

_LEFT: Final = {Sight.DIFFERS: ComponentState.HOT, Sight.REPAIR_DROPPED: ComponentState.WARM}
"""Where what serves otherwise than wished stays recorded while nobody wants it repaired, or still does."""


class ComponentActor(SettlingActor):
    """One component's lifecycle. Everything it must remember is in the folded state; only its aim is its own."""

    __slots__ = ("_doubted",)

    def __init__(self, component_id: str, around: Surroundings) -> None:
        super().__init__(component_id, around)
        self._doubted: tuple[Sight, str] | None = None
        """What one look has shown, and the name of the resource that it was at."""

    async def receive(self, message: msgspec.Struct) -> object | None:
        """Move towards a target, or look. While it is at work there is always a next look."""
        match message:
            case Move():
                self._target = message.target
                if message.target is not ComponentState.COLD:
                    self._withdrawn = None  # it is wanted again
            case Look():
                self._forget_timer()
            case _:
                raise TypeError(f"a component understands no {type(message).__name__}")
        component = self._at_work()
        if component is not None:
            await self._advance(component)
            if self._at_work() is not None:
                self._look_at_last()
        return None

    async def restart(self) -> None:
        """After a failure nothing is remembered but the record: look."""
        self._begin_looking()
        self._begin_settling()
        self._doubted = None
        self._around.kernel.tell(SUPERVISOR, TargetAsked(self._component_id))
        self._look_after(self._around.times.retry_initial_s)

    def _at_work(self) -> Component | None:
        """The component; None where no look is due: it left the plan, carries the daemon, or waits for a person."""
        component = self._around.recorder.state.component(self._component_id)
        return None if component is None or component.host or self._record().parked else component

    # --- one round ---

    async def _advance(self, component: Component) -> None:
        """One round: settle what is open, or compare and take the next step."""
        around, record = self._around, self._record()
        name = record.resource_name
        try:
            seen = await self._observe(component)
        except CallError as failed:
            self._look_failed(failed)
            if isinstance(failed, Permanent) and name and name == record.resource_name and _to_adopt(record):
                await self._tell_supervisor(NameRefused(self._component_id, name, failed.reason))
            return
        self._look_worked()
        if name != record.resource_name:
            self._look_after(0)  # an operator named another resource meanwhile: this look was at the old one
            return
        if record.intent is not None:
            if around.recorder.state.mode is Mode.ACT and not around.actuator.dry_run:
                await self._settle(component, record, seen)
            return
        if await self._sight_differs(record, seen):
            return
        step = next_step(record.state, self._target) if self._target is not None else None
        if step is None:
            if keeps_for_repair(component, record, seen):
                sight = SightReported(self._component_id, seen, Sight.REPAIR_DROPPED.value, record.resource_name)
                await self._tell_supervisor(sight)
            self._look_after(around.times.at_rest_s(seen.look_after_s))
            return
        await self._ask_and_take(component, step)

    # --- comparing ---

    async def _sight_differs(self, record: ComponentRecord, seen: Observation) -> bool:
        """Whether the world differs from the record. Two agreeing looks are needed before it is believed."""
        sight = compare(record, seen, known_tokens(self._plan_id(), record, self._around.epoch), self._target)
        if sight is Sight.UNSETTLED:
            self._look_after(self._around.times.at_work_s(seen.look_after_s))
            return True
        if sight in (Sight.DRIFTED, Sight.DIFFERS) and self._confirmed_lately(record):
            sight = Sight.AS_RECORDED
        if sight is Sight.AS_RECORDED:
            self._doubted = None
            if record.unmanaged is not None:
                self._look_after(self._around.times.observe_every_s)
            return record.unmanaged is not None
        if (sight, record.resource_name) != self._doubted:
            self._doubted = (sight, record.resource_name)
            self._look_after(self._around.times.retry_initial_s)
            return True
        self._doubted = None
        await self._tell_supervisor(SightReported(self._component_id, seen, sight.value, record.resource_name))
        left = record.state is _LEFT.get(sight)  # nothing was recorded, for it is not its turn: that is no haste
        times = self._around.times
        self._look_after(times.at_rest_s(seen.look_after_s) if left else times.retry_initial_s)
        return True


def _to_adopt(record: ComponentRecord) -> bool:
    """Whether the record's name is one that an operator gave and that no look has found yet."""
    return record.state is ComponentState.COLD and record.idle
