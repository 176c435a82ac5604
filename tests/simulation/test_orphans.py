"""Orphans of a simulated world: found, shown, ordered to be removed, and removed exactly once over crashes."""

from __future__ import annotations

import asyncio

import pytest

from daemon.running import Daemon
from machines.events import Mode, OrphanFound, OrphanRemovalAsked, OrphanRemoved, RemovalOutcome
from machines.observations import ResourceState
from machines.ports.provisioner import Resource
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, months, of_type
from tests.simulation.scenario import command, quiescent
from tests.simulation.world import World

NAME = "ladder/gone#0"
SWEPT_S = 70


def world_with_an_orphan(mode: Mode = Mode.ACT) -> World:
    """Something of an older plan stands."""
    world = World(ladder(), 1, mode=mode)
    world.infrastructure.foreign_resource(Resource("ladder", "gone"), ResourceState.HOT, 0, token="left")
    return world


def standing(world: World) -> int:
    """How many resources of it stand."""
    return len(world.infrastructure.components["ladder/gone"].live)


def answers(world: World) -> list[tuple[str, str]]:
    """Every reply's outcome and reason."""
    return [(each.fields["outcome"], each.fields["reason"]) for each in world.server.entries("replies")]


async def order(world: World, daemon: Daemon) -> None:
    """Ask what would be removed, and confirm it."""
    command("asked", verb="remove-orphan", resource=NAME)(world)
    await quiescent(world, daemon)
    code = answers(world)[-1][1].rpartition("confirm=")[2]
    command("confirmed", verb="remove-orphan", resource=NAME, confirm=code, reason="left over")(world)


async def found(world: World, daemon: Daemon) -> None:
    """Wait for the first sweep's two reads."""
    await asyncio.sleep(SWEPT_S)
    await quiescent(world, daemon)


def test_an_orphan_is_shown_and_removed_by_a_confirmed_order() -> None:
    """In the hash `status`, in the replies, and last in the world."""
    world = world_with_an_orphan()

    async def body(world: World, daemon: Daemon) -> None:
        await found(world, daemon)
        assert world.server.hash_fields("status")["orphans"] == "1"
        await order(world, daemon)
        await asyncio.sleep(1)
        await quiescent(world, daemon)
        assert world.server.hash_fields("status")["orphans"] == "0"

    live(world, body)
    assert 0 == standing(world)
    assert ["pending", "done"] == [outcome for outcome, _ in answers(world)]
    assert [1, 1, 1] == [len(of_type(world, kind)) for kind in (OrphanFound, OrphanRemovalAsked, OrphanRemoved)]


def test_moving_components_are_never_taken_for_orphans() -> None:
    """Up to the top and down again, over many sweeps."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        for figures in (("2025-01", "1600"), ("2025-02", "1600"), ("2025-03", "20")):
            await months(world, daemon, figures)
            await asyncio.sleep(4_000)

    live(world, body)
    assert [] == of_type(world, OrphanFound)


@pytest.mark.parametrize("where", ["after append of OrphanRemovalAsked", "before append of OrphanRemoved"])
def test_a_crash_between_the_order_and_its_answer_is_settled_by_the_next_life(where: str) -> None:
    """Whether the call came before the crash or not: it is removed once, and told so once."""
    world = world_with_an_orphan()

    def die_once(point: str) -> None:
        if point.startswith(where):
            world.watch_points = lambda name: None
            world.die(point)

    async def ordered(world: World, daemon: Daemon) -> None:
        await found(world, daemon)
        await order(world, daemon)
        await asyncio.sleep(600)

    async def settled(world: World, daemon: Daemon) -> None:
        await found(world, daemon)

    world.watch_points = die_once
    assert not world.live(ordered)
    assert [] == of_type(world, OrphanRemoved)
    live(world, settled)

    (removed,) = of_type(world, OrphanRemoved)
    assert isinstance(removed, OrphanRemoved)
    assert RemovalOutcome.DONE is removed.outcome
    assert (0, 1) == (standing(world), world.infrastructure.components["ladder/gone"].removed)


def test_a_daemon_that_only_observes_shows_an_orphan_and_refuses_to_remove_it() -> None:
    """Nothing is ordered, and it stands."""
    world = world_with_an_orphan(Mode.OBSERVE_ONLY)

    async def body(world: World, daemon: Daemon) -> None:
        await found(world, daemon)
        await order(world, daemon)
        await found(world, daemon)

    live(world, body)
    assert 1 == standing(world)
    assert [1, 0] == [len(of_type(world, kind)) for kind in (OrphanFound, OrphanRemovalAsked)]
    assert answers(world)[-1] == (
        "refused", "mode: this daemon only observes and changes nothing; start it with --act to remove"
    )  # fmt: skip
