"""The crash sweep: whatever moment the process dies at, the installation ends as if it had never died."""

from __future__ import annotations

import functools
import random

import pytest

from tests.simulation.ladder import ladder
from tests.simulation.scenario import FIVE_LEVELS
from tests.simulation.sweeping import SEEDS, CleanRun, clean, sweep, sweep_rounds

SHARDS = 10
SAMPLED_POINTS = 40
SAMPLED_ROUNDS = 30
PLAN = ladder()


@functools.cache
def clean_run(seed: int) -> CleanRun:
    """One clean run serves many crashed ones."""
    return clean(PLAN, FIVE_LEVELS, seed)


def test_the_clean_run_walks_all_five_levels() -> None:
    """The scenario rises to level 4 and falls to the floor, and every invariant holds in it and in one more boot."""
    run = clean_run(1)
    assert 0 == run.outcome.level
    assert {"before warm of fleet", "after deactivate of fleet", "before streams.read"} <= set(run.points)
    assert ("notes",) == tuple(name for name, states in run.outcome.resources.items() if states == ("hot",))


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_crash_at_every_point(shard: int) -> None:
    """Before and after every journal append and every port call, of one seed."""
    run = clean_run(1)
    sweep(PLAN, FIVE_LEVELS, run, 1, range(1 + shard, len(run.points) + 1, SHARDS))


@pytest.mark.parametrize("seed", range(2, 2 + SEEDS))
def test_a_crash_at_sampled_points(seed: int) -> None:
    """A share of all points, another for each seed: the same events in other orders."""
    run = clean_run(seed)
    count = min(SAMPLED_POINTS, len(run.points))
    sweep(PLAN, FIVE_LEVELS, run, seed, sorted(random.Random(seed).sample(range(1, len(run.points) + 1), count)))


@pytest.mark.parametrize("seed", range(2, 2 + SEEDS))
def test_a_crash_at_sampled_awaits(seed: int) -> None:
    """After a number of rounds of the loop, wherever everybody stands then."""
    run = clean_run(seed)
    sweep_rounds(PLAN, FIVE_LEVELS, run, seed, sorted(random.Random(seed).sample(range(1, run.rounds), SAMPLED_ROUNDS)))
