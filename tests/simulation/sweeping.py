"""The crash sweep: run to a point, die there, resume until nothing moves, and compare with the run that never died."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from config.plan import Plan
from machines.invariants import written_by_idle_boot
from tests.simulation import checks
from tests.simulation.scenario import Stimulus, idle, latest, playing, require_none
from tests.simulation.world import World

LIVES_MAX: Final = 50
SEEDS: Final = int(os.environ.get("SOLVENT_SEEDS", "2"))
"""How many seeds the samples are drawn with: `make simulate SEEDS=500`."""


class CleanRun(msgspec.Struct, frozen=True):
    """The run in which nothing dies: how it ends, and where it could have died."""

    outcome: checks.Outcome
    points: tuple[str, ...]
    rounds: int


def clean(plan: Plan, stimuli: Sequence[Stimulus], seed: int) -> CleanRun:
    """Run the scenario without a crash."""
    world = World(plan, seed)
    assert world.live(playing(stimuli)), "a run without crashes must come to its end"
    points, rounds = tuple(world.points), world.rounds
    require_all(world, len(stimuli))
    assert [] == world.kernel_events
    return CleanRun(checks.outcome(world), points, rounds)


def crashed_at(plan: Plan, stimuli: Sequence[Stimulus], seed: int, *, point: int = 0, rounds: int = 0) -> World:
    """The run that dies once, at a crash point or after so many rounds of the loop, and is resumed to its end."""
    world = World(plan, seed)
    world.crash_at = point
    finished = world.live(playing(stimuli), rounds_max=rounds or 2_000_000)
    while not finished:
        assert world.lives < LIVES_MAX
        finished = world.live(playing(stimuli))
    require_all(world, len(stimuli), boots_again=point % 8 == 0)
    return world


def require_all(world: World, stimuli: int, *, boots_again: bool = True) -> None:
    """Everything that must hold when all is said and done, and that one more boot changes nothing."""
    assert stimuli == world.delivered
    world.findings.extend(checks.published_findings(world))
    world.findings.extend(checks.counting_findings(world))
    world.findings.extend(checks.standing_findings(world))
    require_none(world)
    if not boots_again:
        return
    before = len(world.store.events)
    world.live(idle)
    world.findings.extend(written_by_idle_boot(world.events(before)))
    require_none(world)


def compare(expected: checks.Outcome, world: World, told: str) -> None:
    """The end is the clean run's, whatever happened on the way, and no actor failed on it."""
    found = checks.outcome(world)
    assert expected == found, f"{told}\nexpected {expected}\nfound    {found}\n{latest(world)}"
    assert [] == world.kernel_events, told


def sweep(plan: Plan, stimuli: Sequence[Stimulus], run: CleanRun, seed: int, points: Iterable[int]) -> None:
    """Die once at each of these points; the first that goes wrong says how to replay it."""
    for point in points:
        told = f"replay: seed {seed}, point {point} ({run.points[point - 1]})"
        try:
            world = crashed_at(plan, stimuli, seed, point=point)
        except AssertionError as failure:
            raise AssertionError(f"{told}\n{failure}") from None
        compare(run.outcome, world, told)


def sweep_rounds(plan: Plan, stimuli: Sequence[Stimulus], run: CleanRun, seed: int, rounds: Iterable[int]) -> None:
    """Die once after each of these rounds of the loop: at any await whatever."""
    for number in rounds:
        told = f"replay: seed {seed}, round {number}"
        try:
            world = crashed_at(plan, stimuli, seed, rounds=number)
        except AssertionError as failure:
            raise AssertionError(f"{told}\n{failure}") from None
        compare(run.outcome, world, told)
