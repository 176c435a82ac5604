"""Where components should stand, and in which order they move: ARCHITECTURE 9."""

from __future__ import annotations

import msgspec

from config.loading import load_plan
from config.plan import Component, Level, Plan
from machines.deciding.waves import enabled_components, in_wave_order, targets, waves_down, waves_up
from machines.lifecycle_states import ComponentState

COLD, WARM, HOT = ComponentState.COLD, ComponentState.WARM, ComponentState.HOT
PLAN = load_plan("autobroker")


def test_a_wave_holds_what_may_rise_together() -> None:
    """Level 1: the balancer waits for the control plane, the rest does not wait."""
    assert waves_up(PLAN, PLAN.levels[1].components) == (
        ("eks_control_plane", "rds_single", "elasticache_single", "ecr_storage"),
        ("alb",),
    )


def test_a_jump_climbs_level_by_level() -> None:
    """All of level 1 comes before anything of level 2, and that before level 3."""
    order = in_wave_order(waves_up(PLAN, PLAN.levels[3].components))

    assert set(order[:5]) == set(PLAN.levels[1].components)
    assert set(order[:9]) == set(PLAN.levels[2].components)


def test_falling_reverses_rising() -> None:
    """The same waves, the last first."""
    components = PLAN.levels[4].components

    assert waves_down(PLAN, components) == tuple(reversed(waves_up(PLAN, components)))


def test_every_component_stands_in_one_wave_after_what_it_requires() -> None:
    """Nothing is lost, nothing rises twice, nothing before its requirement."""
    order = in_wave_order(waves_up(PLAN, PLAN.levels[4].components))

    assert sorted(order) == sorted(PLAN.levels[4].components)
    for place, component in enumerate(order):
        assert set(PLAN.components[component].requires) <= set(order[:place])


def test_a_requirement_that_does_not_move_is_not_waited_for() -> None:
    """Only what rises now makes waves."""
    assert waves_up(PLAN, ["waf", "alb"]) == (("alb",), ("waf",))


def test_the_host_never_moves() -> None:
    """It is accounted, never actuated."""
    assert waves_up(PLAN, PLAN.levels[0].components) == (("sqlite_local", "ollama_cpu"),)
    assert "single_vps" not in targets(PLAN, 0)
    assert "single_vps" in enabled_components(PLAN, 0)


def test_targets_of_a_level() -> None:
    """Enabled is HOT, the stateful rest WARM, everything else COLD."""
    wanted = targets(PLAN, 1)

    assert {each for each, state in wanted.items() if state is HOT} == set(PLAN.levels[1].components)
    assert (wanted["sqlite_local"], wanted["vault_ha"], wanted["waf"]) == (WARM, WARM, COLD)


def test_a_stateful_component_that_never_rose_rests_cold() -> None:
    """It has no data to keep."""
    assert targets(PLAN, 1, never_raised=["vault_ha"])["vault_ha"] is COLD


def test_partial_is_hot_and_prewarmed_is_warm() -> None:
    """Both belong to the next level."""
    wanted = targets(PLAN, 1, partial=["eks_workers_spot"], prewarm=["waf"])

    assert (wanted["eks_workers_spot"], wanted["waf"], wanted["hume_ai_budget"]) == (HOT, WARM, COLD)


def test_a_circle_still_ends() -> None:
    """Loading refuses circles; the order ends even so."""
    first = Component("first", 0, "simulated", requires=("second",))
    second = msgspec.structs.replace(first, id="second", requires=("first",))
    plan = Plan(
        "p", "P", "EUR", "UTC", {"first": first, "second": second}, (Level(0, "l", "L", ("first", "second"), 0),)
    )

    assert waves_up(plan, ["first", "second"]) == (("first", "second"),)
