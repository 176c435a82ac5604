"""What serves and never settles (a pod that crashes for ever) keeps nothing from being lowered."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from config.loading import plan_from_text
from daemon.running import Daemon
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous
from machines.ports.provisioner import Resource, StepOrder
from tests.simulation.one_life import months, states
from tests.simulation.scenario import month_of, require_none
from tests.simulation.world import World

PLAN = """\
plan: unready
currency: EUR
components:
  machine: {monthly_cost: 1, host: true}
  db: {monthly_cost: 100, provisioner: simulated}
  other: {monthly_cost: 100, provisioner: simulated}
  web: {monthly_cost: 100, provisioner: simulated, requires: [db]}
levels:
  - {id: floor, max_burn: 10, components: [machine]}
  - id: all
    trigger: {metric: revenue, at_least: 2000}
    max_burn: 1000
    includes: [floor]
    components: [db, other, web]
"""
PATIENCE_S = 3 * 3_600


def ended_with(*, refusing: bool) -> tuple[dict[str, str], dict[str, str]]:
    """The states, and what is parked, hours after revenue ended, `web` showing CHANGING whenever it serves.

    `refusing`: its provider takes no step either while it changes.
    """
    world = World(plan_from_text(PLAN, "unready.yaml"), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "5000"))
        _make_unready(daemon.ports.provisioners["simulated"], refusing=refusing)
        month_of("2025-02", "1")(world)
        await asyncio.sleep(PATIENCE_S)
        require_none(world)

    assert world.live(body)
    records = world.auditor.state.components.records.values()
    return states(world), {each.id: each.parked for each in records if each.parked}


def _make_unready(provisioner: Any, *, refusing: bool) -> None:
    observe, take = provisioner.observe, provisioner.take

    async def seen(resource: Resource) -> Observation:
        found: Observation = await observe(resource)
        if resource.component != "web" or found.state is not ResourceState.HOT:
            return found
        return msgspec.structs.replace(found, state=ResourceState.CHANGING)

    async def taken(step: Step, order: StepOrder) -> Any:
        if refusing and order.resource.component == "web":
            raise Ambiguous("web is still changing: look again")
        return await take(step, order)

    provisioner.observe, provisioner.take = seen, taken


def test_what_never_settles_is_lowered() -> None:
    """All go, and none is parked: looks alone decide nothing about money that is not earned any more."""
    ended, parked = ended_with(refusing=False)

    assert {"machine": "HOT", "db": "COLD", "other": "COLD", "web": "COLD"} | ended == ended
    assert {} == parked


def test_what_cannot_be_lowered_is_parked_and_holds_up_nobody_else() -> None:
    """After its deadline an operator is told; what is not needed by it has gone."""
    ended, parked = ended_with(refusing=True)

    assert ["web"] == list(parked)
    assert "deactivate did not succeed by its deadline" in parked["web"]
    assert "COLD" == ended["other"]
