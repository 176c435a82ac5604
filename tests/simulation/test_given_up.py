"""A raise of which nothing is seen counts until the provider's slow view was waited out."""

from __future__ import annotations

import asyncio
from typing import Final

from adapters.provisioners.simulated import Fault
from config.loading import plan_from_text
from config.plan import Plan
from daemon.running import Daemon
from machines import events
from machines.lifecycle_states import Step
from machines.ports.provisioner import Resource
from tests.simulation import checks
from tests.simulation.ladder import LADDER
from tests.simulation.one_life import Body, of_type, states
from tests.simulation.scenario import command, month_of, quiescent, require_none
from tests.simulation.world import SETTINGS, World

GRACE_S: Final = SETTINGS.provisioning.consistency_grace_s
LATE_S: Final = 20
ROUNDS_MAX: Final = 50_000
"""A minute of waiting needs a hundredth: whoever asks again and again meanwhile uses them up."""


def late_view() -> Plan:
    """The ladder, whose cluster warms for ten seconds and shows each change twenty seconds late."""
    quick = "{warm_s: 2, activate_s: 1, faults: {begins: true}}"
    late = f"{{warm_s: 10, activate_s: 1, faults: {{begins: true, stale_s: {LATE_S}}}}}"
    assert quick in LADDER
    return plan_from_text(LADDER.replace(quick, late), "late.yaml")


def live(world: World, body: Body) -> None:
    """One life of few rounds in which nothing may be found."""
    assert world.live(body, rounds_max=ROUNDS_MAX)
    require_none(world)


def counted(world: World) -> int:
    """What the cluster counts in the cap."""
    return world.auditor.state.components.of("cluster").committed_micros


def stands(world: World) -> bool:
    """Whether anything of the cluster exists."""
    return bool(world.infrastructure.standing(checks.resource_of(world, "cluster")).live)


def lose_both(world: World) -> None:
    """The first two requests to warm the cluster are lost; no third is made before the level falls."""
    for _ in range(2):
        world.faults.next("warm", Fault.AMBIGUOUS_NOT_DONE, "cluster")


async def warmed(world: World) -> None:
    """A level is reached, and the call that warms the cluster has ended."""
    month_of("2025-01", "150")(world)
    await asyncio.sleep(0.5)
    assert any(_is_warming(each) for each in of_type(world, events.StepEnded))


def _is_warming(event: events.Event) -> bool:
    return isinstance(event, events.StepEnded) and (event.component, event.step) == ("cluster", Step.WARM)


def test_what_was_begun_and_is_not_shown_yet_counts() -> None:
    """The level fell while looks still showed the past: what stands is counted until it is gone (I4)."""
    world, free = World(late_view(), 1), list[float]()

    def note(looked_at: Resource) -> None:
        if looked_at.component == "cluster" and stands(world) and not counted(world):
            free.append(world.clock.wall())

    async def body(world: World, daemon: Daemon) -> None:
        await warmed(world)
        world.before_observe = note
        month_of("2025-02", "20")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert [] == free
    assert (False, 0) == (stands(world), counted(world))


def test_what_never_began_is_given_back_after_the_slow_view() -> None:
    """The request was lost and nobody wants it: its cost is free once the grace is over, and few looks are made."""
    world, looks = World(late_view(), 1), list[str]()
    lose_both(world)
    world.before_observe = lambda looked_at: looks.append(looked_at.component)

    async def body(world: World, daemon: Daemon) -> None:
        await warmed(world)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(GRACE_S - 2)
        assert counted(world)
        assert looks.count("cluster") < 10
        await asyncio.sleep(5)
        assert not counted(world)
        await quiescent(world, daemon)

    live(world, body)
    assert "COLD" == states(world)["cluster"]


def test_who_begins_anew_waits_anew() -> None:
    """A predecessor may have called a moment ago: after a restart the whole grace is waited before a cost is free."""
    world = World(late_view(), 1)
    lose_both(world)

    async def first(world: World, daemon: Daemon) -> None:
        await warmed(world)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(GRACE_S - 10)

    async def second(world: World, daemon: Daemon) -> None:
        await asyncio.sleep(GRACE_S - 2)
        assert counted(world)
        await asyncio.sleep(5)
        assert not counted(world)

    live(world, first)
    live(world, second)


def test_what_was_begun_counts_though_the_next_attempt_is_refused_for_good() -> None:
    """The quota was used up by what the first call made and no look shows yet: it counts, and an operator goes on."""
    world = World(late_view(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await warmed(world)
        world.faults.next("warm", Fault.PERMANENT, "cluster")
        await asyncio.sleep(LATE_S)
        assert world.auditor.state.components.of("cluster").parked
        assert (True, True) == (stands(world), counted(world) > 0)
        command("there is room again", verb="resume-actor", actor="component:cluster", reason="looked at")(world)
        await quiescent(world, daemon)

    live(world, body)
    assert "HOT" == states(world)["cluster"]
    assert [] == checks.standing_findings(world)


def test_what_is_wanted_again_in_the_meantime_is_not_given_up() -> None:
    """Falls are paused, so that nobody asked for its lowering: it goes on as soon as its level is back."""
    world = World(late_view(), 1)
    lose_both(world)

    async def body(world: World, daemon: Daemon) -> None:
        await warmed(world)
        command("down is paused", verb="pause", scope="down")(world)
        month_of("2025-02", "20")(world)
        await asyncio.sleep(10)
        month_of("2025-03", "150")(world)
        await asyncio.sleep(LATE_S + 15)
        assert "HOT" == states(world)["cluster"]
        await quiescent(world, daemon)

    live(world, body)
    assert [] == of_type(world, events.IntentAbandoned)
