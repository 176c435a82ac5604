"""Faults of every kind, in mixtures drawn by seeds: no invariant breaks, and once they cease all rests."""

from __future__ import annotations

import functools

import pytest

from tests.simulation import checks
from tests.simulation.faulting import LASTING, MONTHS, PASSING, rest_of, troubled
from tests.simulation.ladder import ladder
from tests.simulation.scenario import latest, playing, require_none
from tests.simulation.sweeping import SEEDS
from tests.simulation.world import World

SEEDS_OF_FAULTS = range(1_000, 1_000 + 12 * SEEDS)
PLAN = ladder()


@functools.cache
def undisturbed() -> tuple[object, ...]:
    """How the months end without any fault."""
    world = World(PLAN, 1)
    assert world.live(playing(MONTHS))
    return rest_of(world)


@pytest.mark.parametrize("seed", SEEDS_OF_FAULTS)
def test_what_passes_leaves_nothing_behind(seed: int) -> None:
    """Transient, ambiguous, half-done, slow, stale and lying answers, outages, lost replies, a full disk, crashes."""
    world = troubled(PLAN, seed, PASSING)
    require_sound(world)


@pytest.mark.parametrize("seed", SEEDS_OF_FAULTS)
def test_what_lasts_waits_for_an_operator(seed: int) -> None:
    """Refusals for good, vanished resources and foreign writers as well: parked, and mended by `resume-actor`."""
    world = troubled(PLAN, seed, (*PASSING, *LASTING))
    require_sound(world)


def require_sound(world: World) -> None:
    """Every invariant held, no actor failed, and the end is that of the run without faults."""
    world.findings.extend(checks.published_findings(world))
    world.findings.extend(checks.counting_findings(world))
    world.findings.extend(checks.standing_findings(world))
    require_none(world)
    assert undisturbed() == rest_of(world), f"{world.told}\n{latest(world)}"
    assert [] == world.kernel_events, world.told
