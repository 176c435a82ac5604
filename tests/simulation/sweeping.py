"""The crash sweep: run to a point, die there, resume until nothing moves, and compare with the run that never died."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from config.plan import Plan
from machines.invariants import written_by_idle_boot
from tests.simulation import checks
from tests.simulation.scenario import Stimulus, idle, latest, playing, require_none
from tests.simulation.world import World

LIVES_MAX: Final = 50
SEEDS: Final = int(os.environ.get("SOLVENT_SEEDS") or os.environ.get("SEEDS") or 2)


def replay_text(seed: int, **where: object) -> str:
    """What a failing run says first: how to run exactly this one again."""
    point = ", ".join(f"{name}={value}" for name, value in where.items())
    return f"seed {seed}, {point}"


def clean(plan: Plan, stimuli: Sequence[Stimulus], seed: int) -> tuple[World, checks.Outcome]:
    """The run in which nothing dies; its crash points are noted."""
    world = World(plan, seed)
    assert world.live(playing(stimuli)), "a run without crashes must come to its end"
    require_all(world, len(stimuli))
    assert [] == world.kernel_events
    return world, checks.outcome(world)


def crashed_at(plan: Plan, stimuli: Sequence[Stimulus], seed: int, *, point: int = 0, rounds: int = 0) -> World:
    """The run that dies once, at a crash point or after so many rounds of the loop, and is resumed to its end."""
    world = World(plan, seed)
    world.crash_at = point
    finished = world.live(playing(stimuli), rounds_max=rounds or 2_000_000)
    while not finished:
        assert world.lives < LIVES_MAX
        finished = world.live(playing(stimuli))
    require_all(world, len(stimuli))
    return world


def require_all(world: World, stimuli: int) -> None:
    """Everything that must hold when all is said and done, and that one more boot changes nothing."""
    assert stimuli == world.delivered
    world.findings.extend(checks.published_findings(world))
    world.findings.extend(checks.counting_findings(world))
    require_none(world)
    before = len(world.store.events)
    world.live(idle)
    world.findings.extend(written_by_idle_boot(world.events(before)))
    require_none(world)


def compare(expected: checks.Outcome, world: World, told: str) -> None:
    """The end is the clean run's, whatever happened on the way."""
    found = checks.outcome(world)
    assert expected == found, f"{told}\nexpected {expected}\nfound    {found}\n{latest(world)}"
