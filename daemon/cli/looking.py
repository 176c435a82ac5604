"""Looking at the components of a journal from the command line, with observers only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import click

from config.plan import Component
from daemon.actuator import Actuator
from daemon.assembly import CannotStart
from machines.observations import Observation
from machines.ports.clock import Clock
from machines.ports.faults import CallError
from machines.ports.provisioner import Observer
from machines.state.whole import State

CONCURRENT_LOOKS_MAX: Final = 8
LOOK_S: Final = 30.0

look_option = click.option(
    "--look-s", type=click.FloatRange(1), default=LOOK_S, show_default=True, help="How long one look may take."
)


def actuator_that_looks(observers: Mapping[str, Observer], clock: Clock, look_s: float) -> Actuator:
    """What bounds looks in time and number, and can do nothing else."""
    return Actuator(
        observers=observers,
        provisioners={},
        clock=clock,
        call_timeout_s=look_s,
        concurrent_calls_max=CONCURRENT_LOOKS_MAX,
        stopping=lambda: False,
    )


async def look_at_each(
    state: State, components: Sequence[Component], observers: Mapping[str, Observer], clock: Clock, look_s: float
) -> list[Observation | str]:
    """One look at each, in their order; in words why there was none."""
    actuator = actuator_that_looks(observers, clock, look_s)
    plan_id = state.plan.id if state.plan else ""

    async def look(component: Component) -> Observation | str:
        name = state.components.of(component.id).resource_name
        try:
            return await actuator.observe(plan_id, component, name)
        except CallError as unknown:
            return unknown.reason
        except CannotStart as unavailable:
            return str(unavailable)
        except Exception as defect:  # noqa: BLE001 - an adapter's defect at one component must not hide the others
            return f"the provisioner failed: {type(defect).__name__}: {defect}"

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(look(each), name=f"looking at {each.id}") for each in components]
    return [each.result() for each in looks]
