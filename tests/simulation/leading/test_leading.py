"""Several daemons on one journal: whatever strikes them, one leads at a time, and nothing is lost or doubled."""

from __future__ import annotations

import functools

import pytest

from tests.simulation import checks
from tests.simulation.faulting import MONTHS, rest_of
from tests.simulation.ladder import ladder
from tests.simulation.leading.led_world import LedWorld
from tests.simulation.leading.troubled import TroubledLife
from tests.simulation.scenario import latest, playing, require_none
from tests.simulation.sweeping import SEEDS
from tests.simulation.world import World

PLAN = ladder()


@functools.cache
def undisturbed() -> tuple[object, ...]:
    """How the months end with one daemon and without any fault."""
    world = World(PLAN, 1)
    assert world.live(playing(MONTHS))
    return rest_of(world)


@pytest.mark.parametrize("seed", range(1, 1 + 6 * SEEDS))
def test_one_leads_at_a_time_and_the_end_is_the_same(seed: int) -> None:
    """Pauses, partitions, crashes, hand-overs, promotions, late requests: I1 to I12, and each token has one writer."""
    world = TroubledLife(PLAN, seed).run()
    require_sound(world)


def require_sound(world: LedWorld) -> None:
    """Every invariant held, and the end is that of the run with one daemon."""
    world.findings.extend(checks.published_findings(world))
    world.findings.extend(checks.counting_findings(world))
    world.findings.extend(checks.standing_findings(world))
    require_none(world)
    assert undisturbed() == rest_of(world), f"{world.told}\n{latest(world)}"
