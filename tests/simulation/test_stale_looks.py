"""A look may show what was before a raise: nothing that it misses is given back for that (I4)."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from adapters.provisioners.simulated import Fault
from config.loading import plan_from_text
from config.plan import Plan
from daemon.actors.names import component_actor
from daemon.messages import Look
from daemon.running import Daemon
from machines import events
from machines.observations import ResourceState
from machines.ports.provisioner import Resource
from tests.simulation import checks
from tests.simulation.one_life import Body, of_type, states
from tests.simulation.scenario import month_of, quiescent, require_none
from tests.simulation.world import SETTINGS, World

GRACE_S: Final = SETTINGS.provisioning.consistency_grace_s
LATE_S: Final = 20
FULL: Final = 20_000_000
ROUNDS_MAX: Final = 50_000
PLAN: Final = f"""\
plan: ladder
currency: EUR
timezone: UTC
components:
  machine: {{monthly_cost: 10, host: true}}
  cluster: {{monthly_cost: 20, warm_cost: 5, provisioner: simulated, options: {{faults: {{stale_s: {LATE_S}}}}}}}
levels:
  - {{id: floor, max_burn: 60, monthly_cost: 10, components: [machine]}}
  - id: one
    trigger: {{metric: revenue, at_least: 100, for_months: 1}}
    max_burn: 200
    monthly_cost: 20
    components: [cluster]
"""


def late() -> Plan:
    """One component, each of whose changes shows twenty seconds late."""
    return plan_from_text(PLAN, "late.yaml")


def live(world: World, body: Body) -> None:
    """One life of few rounds in which nothing may be found."""
    assert world.live(body, rounds_max=ROUNDS_MAX)
    require_none(world)


def counted(world: World) -> int:
    """What the cluster counts in the cap."""
    return world.auditor.state.components.of("cluster").committed_micros


def serves(world: World) -> bool:
    """Whether the cluster truly stands HOT."""
    standing = world.infrastructure.standing(checks.resource_of(world, "cluster"))
    return ResourceState.HOT in [each.state for each in standing.live]


async def raised(world: World) -> None:
    """The cluster has just been confirmed HOT, and looks show none of it yet."""
    month_of("2025-01", "150")(world)
    await asyncio.sleep(0.2)
    assert "HOT" == states(world)["cluster"]


async def free_while_it_serves(world: World, seconds: int) -> list[float]:
    """When, in the time to come, less than its full price was counted although it stood HOT."""
    free = []
    for tenth in range(seconds * 10):
        if serves(world) and counted(world) < FULL:
            free.append(tenth / 10)
        await asyncio.sleep(0.1)
    return free


@pytest.mark.parametrize("lost", [Fault.AMBIGUOUS_NOT_DONE, Fault.TRANSIENT])
def test_a_lowering_that_never_began_is_not_found_done_in_the_past(lost: Fault) -> None:
    """Two looks show the time before the raise: they agree, and yet it serves, counts, and is lowered in the end."""
    world = World(late(), 1)
    for _ in range(1 if lost is Fault.AMBIGUOUS_NOT_DONE else 3):
        world.faults.next("deactivate", lost, "cluster")

    async def body(world: World, daemon: Daemon) -> None:
        await raised(world)
        month_of("2025-02", "20")(world)
        assert [] == await free_while_it_serves(world, int(GRACE_S) + 10)
        await quiescent(world, daemon)

    live(world, body)
    assert ("COLD", 0) == (states(world)["cluster"], counted(world))


def test_who_begins_anew_does_not_believe_it_either() -> None:
    """A predecessor may have raised a moment ago: after a restart a lowering is found done only after the grace."""
    world = World(late(), 1)
    world.faults.next("deactivate", Fault.AMBIGUOUS_NOT_DONE, "cluster")

    async def first(world: World, daemon: Daemon) -> None:
        await raised(world)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(0.5)

    async def second(world: World, daemon: Daemon) -> None:
        assert [] == await free_while_it_serves(world, LATE_S)
        await quiescent(world, daemon)

    live(world, first)
    assert (True, FULL) == (serves(world), counted(world))
    live(world, second)
    assert "COLD" == states(world)["cluster"]


def test_a_lowering_that_was_done_is_found_after_the_grace() -> None:
    """Its answer was lost: what it frees is free a little after the grace, with few looks."""
    world, looks = (
        World(plan_from_text(PLAN.replace(f"stale_s: {LATE_S}", "stale_s: 0"), "prompt.yaml"), 1),
        list[str](),
    )
    world.faults.next("deactivate", Fault.AMBIGUOUS_DONE, "cluster")
    world.before_observe = lambda looked_at: looks.append(looked_at.component)

    async def body(world: World, daemon: Daemon) -> None:
        await raised(world)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(GRACE_S - 2)
        assert FULL == counted(world)
        assert len(looks) < 10
        await asyncio.sleep(5)
        assert 0 == counted(world)
        await quiescent(world, daemon)

    live(world, body)


def test_a_lowering_refused_for_good_keeps_what_a_stale_look_does_not_show() -> None:
    """It was refused a moment after the raise, and the look at it shows WARM: HOT is what was confirmed, and counts."""
    world = World(late(), 1)
    world.faults.next("deactivate", Fault.PERMANENT, "cluster")

    async def body(world: World, daemon: Daemon) -> None:
        await raised(world)
        month_of("2025-02", "20")(world)
        assert [] == await free_while_it_serves(world, int(GRACE_S) + 10)

    live(world, body)
    assert (True, FULL) == (serves(world), counted(world))
    assert world.auditor.state.components.of("cluster").parked


def test_a_clock_that_steps_back_makes_no_drift_of_a_stale_look() -> None:
    """How long ago the raise was is measured on a clock that does not step."""
    world = World(late(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await raised(world)
        world.clock.jump(-3_600)
        for _ in range(10):
            daemon.kernel.tell(component_actor("cluster"), Look())
            await asyncio.sleep(5)

    live(world, body)
    assert [] == of_type(world, events.ComponentDrifted)


def test_one_look_that_shows_nothing_gives_no_raise_up() -> None:
    """Its deadline passed while it was half made, and one look lied: what stands is lowered, and counts until then."""
    stuck = PLAN.replace(f"{{faults: {{stale_s: {LATE_S}}}}}", "{warm_s: 86400, faults: {begins: true}}")
    world, lied, free = World(plan_from_text(stuck, "stuck.yaml"), 1), list[float](), list[float]()

    def lie(_looked_at: Resource) -> None:
        intent = world.auditor.state.components.of("cluster").intent
        if intent is not None and world.clock.wall() >= intent.deadline_at and not lied:
            world.faults.next("observe", Fault.LIES_ABSENT, "cluster")
            lied.append(world.clock.wall())

    async def body(world: World, daemon: Daemon) -> None:
        month_of("2025-01", "150")(world)
        await asyncio.sleep(SETTINGS.provisioning.step_deadline_s - 5)
        world.before_observe = lie
        for _ in range(300):
            if not counted(world):
                free.append(world.clock.wall())
            await asyncio.sleep(0.1)

    live(world, body)
    assert (1, []) == (len(lied), free)


def test_one_look_that_shows_nothing_finds_no_lowering_done() -> None:
    """Long after the raise a request to lower was lost, and one look lied: it serves and counts until it is lowered."""
    world = World(late(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await raised(world)
        await asyncio.sleep(2 * GRACE_S)
        world.faults.next("deactivate", Fault.AMBIGUOUS_NOT_DONE, "cluster")
        month_of("2025-02", "20")(world)
        while states(world)["cluster"] == "HOT":  # noqa: ASYNC110 - the virtual loop has no event for it
            await asyncio.sleep(0.1)
        world.faults.next("observe", Fault.LIES_ABSENT, "cluster")
        assert [] == await free_while_it_serves(world, 30)
        await quiescent(world, daemon)

    live(world, body)
    assert ("COLD", 0) == (states(world)["cluster"], counted(world))
