"""Levels, thresholds and attestations that operators set, over crashes, expiries and restarts."""

from __future__ import annotations

import asyncio
import functools
import random

import pytest

from daemon.running import Daemon
from machines import events
from tests.simulation.holding import CHECKED, HOLDS
from tests.simulation.one_life import hot, live, months, of_type
from tests.simulation.scenario import command, quiescent
from tests.simulation.sweeping import SEEDS, CleanRun, clean, sweep, sweep_rounds
from tests.simulation.world import World

SAMPLED_POINTS = 12
SAMPLED_ROUNDS = 6


@functools.cache
def clean_run(seed: int) -> CleanRun:
    """One clean run serves many crashed ones."""
    return clean(CHECKED, HOLDS, seed)


def test_the_clean_run_ends_where_the_plan_says() -> None:
    """Everything held has ended, and level 2 stands by its own figures; one command was refused."""
    outcome = clean_run(1).outcome

    assert (2, 2) == (outcome.level, outcome.released)
    assert ["refused"] == [each for each in outcome.answers.values() if each != "done"]
    assert "workers" in {name for name, state in outcome.components.items() if state == "HOT"}


@pytest.mark.parametrize("seed", range(1, 1 + SEEDS))
def test_a_crash_at_sampled_points(seed: int) -> None:
    """Before and after journal appends and port calls: the end is that of the run that never died."""
    run = clean_run(seed)
    count = min(SAMPLED_POINTS, len(run.points))
    sweep(CHECKED, HOLDS, run, seed, sorted(random.Random(seed).sample(range(1, len(run.points) + 1), count)))


@pytest.mark.parametrize("seed", range(1, 1 + SEEDS))
def test_a_crash_at_sampled_awaits(seed: int) -> None:
    """After a number of rounds of the loop, wherever everybody stands then."""
    run = clean_run(seed)
    sweep_rounds(CHECKED, HOLDS, run, seed, sorted(random.Random(seed).sample(range(1, run.rounds), SAMPLED_ROUNDS)))


def test_what_ran_out_while_nobody_ran_ends_once() -> None:
    """A restart with the clock past the end undoes each hold by exactly one event, and the plan says again."""
    world = World(CHECKED, 1)

    async def hold(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("held", verb="set-level", level="2", ttl="2h", reason="a fair")(world)
        command("set", verb="set-threshold", level="2", minimum="250", ttl="2h", reason="a discount")(world)
        command("signed", verb="attest", item="audited", ttl="2h", reason="a report")(world)
        await quiescent(world, daemon)
        assert "workers" in hot(world)

    async def wake(world: World, daemon: Daemon) -> None:
        await asyncio.sleep(60)
        await quiescent(world, daemon)

    live(world, hold)
    world.clock.jump(3 * 3_600)
    live(world, wake)
    live(world, wake)

    ends = (events.LevelHoldEnded, events.ThresholdEnded, events.AttestationEnded)
    assert [["expired"]] * 3 == [[each.why for each in of_type(world, kind)] for kind in ends]  # type: ignore[attr-defined]  # by its kind
    assert "workers" not in hot(world)
    assert CHECKED == world.auditor.state.plan


def test_a_hold_is_kept_over_a_restart() -> None:
    """An unchanged plan file ends nothing."""
    world = World(CHECKED, 1)

    async def hold(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("held", verb="set-level", level="2", reason="a fair")(world)
        command("set", verb="set-threshold", level="2", minimum="250", reason="a discount")(world)
        await quiescent(world, daemon)

    live(world, hold)
    live(world, quiescent)

    state = world.auditor.state
    assert (2, "") == (state.target_level, state.frozen or "")
    assert [2] == list(state.operators.thresholds)
    assert "workers" in hot(world)


def test_the_hard_ratio_ends_a_hold_that_nobody_approved() -> None:
    """What runs by a hold alone does not outlive a month that cannot pay for it."""
    world = World(CHECKED, 1)

    async def body(world: World, daemon: Daemon) -> None:
        await months(world, daemon, ("2025-01", "150"))
        command("held", verb="set-level", level="2", reason="a fair")(world)
        await quiescent(world, daemon)
        assert "workers" in hot(world)
        await months(world, daemon, ("2025-02", "110"))

    live(world, body)

    (ended,) = of_type(world, events.LevelHoldEnded)
    assert isinstance(ended, events.LevelHoldEnded)
    said = "hard ratio: level 2 costs 120.00 a month, above 1.00 of the 110.00 that 2025-02 closed at"
    assert said == ended.why
    assert "workers" not in hot(world)
