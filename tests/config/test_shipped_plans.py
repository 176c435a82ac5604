"""The plans that come with solvent say what the source documents say."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from config.errors import PlanError
from config.loading import load_plan, shipped_plans
from config.plan import Plan
from config.triggers import Condition


def units(*amounts: int) -> list[int]:
    """Whole units as micros."""
    return [amount * 1_000_000 for amount in amounts]


def conditions(plan: Plan) -> list[Condition]:
    """The single condition of each level above the floor."""
    return [level.trigger for level in plan.levels if isinstance(level.trigger, Condition)]


def test_autobroker_has_the_documents_levels() -> None:
    """Ids, names, totals, minima, debounce and ceilings are those of the five-level model."""
    plan = load_plan("autobroker")

    assert [
        "level_0_survival",
        "level_1_bootstrap",
        "level_2_growth",
        "level_3_scale",
        "level_4_enterprise",
    ] == [level.id for level in plan.levels]
    assert ["Survival", "Bootstrap", "Growth", "Scale", "Enterprise"] == [level.name for level in plan.levels]
    assert units(50, 283, 1183, 2333, 35000) == [plan.level_cost_micros(index) for index in range(5)]
    assert units(450, 800, 3000, 10000) == [condition.threshold_micros for condition in conditions(plan)]
    assert [1, 2, 2, 3] == [condition.for_months for condition in conditions(plan)]
    assert units(450, 800, 3000, 10000, 35000) == [level.max_burn_micros for level in plan.levels]


def test_autobroker_carries_levels_over_except_the_floor() -> None:
    """Level 1 supersedes level 0's parts; every later level keeps its predecessor's."""
    levels = load_plan("autobroker").levels

    assert ("eks_control_plane", "rds_single", "elasticache_single", "ecr_storage", "alb") == levels[1].components
    assert all(
        levels[index].components == levels[index + 1].components[: len(levels[index].components)] for index in (1, 2, 3)
    )
    assert [3, 5, 9, 13, 18] == [len(level.components) for level in levels]


def test_autobroker_has_the_documents_components() -> None:
    """Every component with its cost, and the two that cost something while warm."""
    plan = load_plan("autobroker")
    costs = {key: each.monthly_cost_micros for key, each in plan.components.items()}
    expected = {
        "sqlite_local": 0, "ollama_cpu": 0, "single_vps": 50, "eks_control_plane": 73, "rds_single": 150,
        "elasticache_single": 30, "ecr_storage": 10, "alb": 20, "eks_workers_spot": 150, "hume_ai_budget": 600,
        "s3_cloudfront": 100, "waf": 50, "vault_ha": 200, "dat_iq_integration": 500, "rds_multi_az": 150,
        "redis_cluster": 300, "tee_confidential": 800, "carrier_escrow_full": 300, "advanced_monitoring": 200,
        "gdpr_compliance_suite": 800, "additional_infrastructure": 30567,
    }  # fmt: skip

    assert {key: cost * 1_000_000 for key, cost in expected.items()} == costs
    assert {"eks_control_plane": units(73)[0], "rds_multi_az": units(50)[0]} == {
        key: each.warm_cost_micros for key, each in plan.components.items() if each.warm_cost_micros
    }
    assert ["single_vps"] == [key for key, each in plan.components.items() if each.host]
    assert plan.components["rds_single"].stateful


def test_autobroker_states_its_policies_and_unit_economics() -> None:
    """The shipped hysteresis is 5 %, and one shipment earns 125."""
    plan = load_plan("autobroker")

    assert (Decimal("0.05"), "EUR", "UTC") == (plan.policies.rollback.hysteresis, plan.currency, plan.timezone)
    assert plan.unit_economics is not None
    assert Decimal(125_000_000) == plan.unit_economics.value_micros * plan.unit_economics.margin


@pytest.mark.parametrize("name", shipped_plans())
def test_a_shipped_plan_survives_the_journal(name: str) -> None:
    """A plan that was written as JSON and read back is the same plan."""
    plan = load_plan(name)

    assert plan == msgspec.json.decode(msgspec.json.encode(plan), type=Plan)


def test_starter_is_affordable_where_its_levels_begin() -> None:
    """Each level of the plan to copy fits its own minimum at the ratio limit, so that it can be reached there."""
    plan = load_plan("starter")

    assert 3 == len(plan.levels)
    for level, condition in zip(plan.levels[1:], conditions(plan), strict=True):
        cost = plan.level_cost_micros(level.index)
        assert cost is not None
        assert cost <= condition.threshold_micros * plan.policies.safety.ratio_max


def test_an_unknown_name_lists_the_shipped_plans() -> None:
    """A mistyped name is answered with the names there are."""
    with pytest.raises(PlanError) as caught:
        load_plan("autobrokr")

    assert (
        "autobrokr: expected one of the shipped plans (autobroker, autobroker_cloud, starter), or a path such as "
        "./my-plan.yaml, found 'autobrokr' (did you mean 'autobroker'?)"
    ) == str(caught.value)


@pytest.mark.parametrize("path", ["/no/such/plan.yaml", "/", "nul\0/plan.yaml"])
def test_an_unreadable_path_is_a_plan_error(path: str) -> None:
    """No file-system error escapes."""
    with pytest.raises(PlanError, match="expected a plan file that can be read"):
        load_plan(path)


def test_autobroker_cloud_is_autobroker_on_real_providers() -> None:
    """Levels, costs, requirements and policies are the same; nothing in it is simulated but the host."""
    plain, cloud = load_plan("autobroker"), load_plan("autobroker_cloud")

    assert plain.levels == cloud.levels
    assert plain.policies == cloud.policies
    for each in plain.components.values():
        there = cloud.components[each.id]
        kept = (each.monthly_cost_micros, each.warm_cost_micros, each.requires, each.stateful, each.host)
        assert kept == (there.monthly_cost_micros, there.warm_cost_micros, there.requires, there.stateful, there.host)
        assert each.host == (there.provisioner == "simulated")
    assert plain.components.keys() == cloud.components.keys()
