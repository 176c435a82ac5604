"""A plan file becomes exact, typed values."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar import calendar_of
from config.instants import instant_from_text
from config.loading import plan_from_text
from config.money import MICROS_MAX, amount_text
from config.plan import Rate
from config.policies import Measure, Policies
from config.policy_keys import POLICY_PARSERS, policy_text
from config.provisioner_options.command import CommandOptions, command_options
from config.provisioner_options.simulated import SimulatedOptions, simulated_options
from config.triggers import AllOf, AnyOf, Comparison, Condition, Metric
from tests.config.plan_text import PLAN, changed, problems_of


def test_a_whole_plan_is_read() -> None:
    """Every key arrives where it belongs."""
    plan = plan_from_text(PLAN, "shop.yaml")

    assert ("shop", "The shop", "EUR", "Europe/Rome") == (plan.id, plan.name, plan.currency, plan.timezone)
    assert (Measure.CALENDAR_MONTH, True) == (plan.policies.revenue.measure, plan.policies.revenue.net)
    assert (Decimal("0.90"), None) == (plan.policies.safety.ratio_max, plan.policies.safety.hard_ratio)
    assert ("server", "database", "worker") == plan.levels[1].components
    assert Condition(Metric.REVENUE, Comparison.AT_LEAST, 50_500_000, 2) == plan.levels[1].trigger
    assert AnyOf(
        (
            Condition(Metric.REVENUE, Comparison.BELOW, 20_000_000),
            AllOf((Condition(Metric.REVENUE, Comparison.AT_MOST, 10_000_000),)),
        )
    ) == (plan.levels[1].hold)


def test_amounts_are_exact() -> None:
    """5.05 + 10.10 + 0.1 is 15.25 to the micro."""
    plan = plan_from_text(PLAN, "shop.yaml")

    assert [5_050_000, 10_100_000, 100_000] == [each.monthly_cost_micros for each in plan.components.values()]
    assert 15_250_000 == plan.level_cost_micros(1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, MICROS_MAX), st.integers(0, MICROS_MAX // 2), st.integers(0, MICROS_MAX // 2))
def test_any_amount_reads_back_to_the_micro(burn: int, one: int, other: int) -> None:
    """What is written in six decimals is what is known, and sums of such amounts are exact."""
    text = changed("max_burn: 40", f"max_burn: {amount_text(burn)}")
    text = text.replace("monthly_cost: 10.10\n    warm_cost: 2", f"monthly_cost: {amount_text(one)}")
    text = text.replace("monthly_cost: 0.1\n", f"monthly_cost: {amount_text(other)}\n")
    text = text.replace("    monthly_cost: 15.25\n", "")
    problems = problems_of(text)
    if one + other + 5_050_000 > MICROS_MAX:
        assert ["levels.paid"] == [problem.path for problem in problems]
        return
    plan = plan_from_text(text, "shop.yaml")

    assert (burn, one + other + 5_050_000) == (plan.levels[1].max_burn_micros, plan.level_cost_micros(1))


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    """The sum that floats get wrong holds as a stated total."""
    text = changed("monthly_cost: 5.05", "monthly_cost: 0.2").replace("monthly_cost: 10.10", "monthly_cost: 2.0")

    assert () == problems_of(text.replace("15.25", "2.3"))
    assert 1 == len(problems_of(text.replace("15.25", "2.300001")))


def test_rates_begin_with_the_day_in_the_plans_zone() -> None:
    """A bare date means its first instant where the plan lives."""
    plan = plan_from_text(PLAN, "shop.yaml")

    assert (Rate("USD", instant_from_text("2024-01-01T00:00:00+01:00"), Decimal("0.92")),) == plan.rates
    assert plan.rates[0].since == calendar_of("Europe/Rome").start_of(2024 * 12)


def test_an_unknown_price_is_none() -> None:
    """`unknown` is a price that nobody knows, not zero."""
    text = changed("monthly_cost: 10.10", "monthly_cost: unknown").replace("    monthly_cost: 15.25\n", "")
    plan = plan_from_text(text, "shop.yaml")

    assert plan.components["database"].monthly_cost_micros is None
    assert plan.level_cost_micros(1) is None


def test_options_are_complete_and_typed() -> None:
    """Defaults are written out, a command's target is its component, numbers of a fault script are numbers."""
    plan = plan_from_text(PLAN, "shop.yaml")

    assert SimulatedOptions(warm_s=2, faults={"warm": ["transient", 3]}) == simulated_options(
        plan.components["database"].options
    )
    assert CommandOptions(
        ("./switch", "observe"),
        ("./switch", "warm"),
        ("./switch", "activate"),
        ("./switch", "deactivate"),
        ("./switch", "decommission"),
        target="worker",
        time_limit_s=300,
    ) == command_options(plan.components["worker"].options)


def test_what_is_left_out_has_its_default() -> None:
    """Ids serve as names, the zone is UTC, one month is enough."""
    plan = plan_from_text(
        "plan: tiny\ncurrency: EUR\ncomponents: {a: {monthly_cost: 1, provisioner: simulated}}\nlevels:\n"
        "  - {id: zero, max_burn: 1, components: []}\n"
        "  - {id: one, max_burn: 1, components: [a], trigger: {metric: revenue, above: 3}}\n",
        "tiny.yaml",
    )

    assert ("tiny", "UTC", "one") == (plan.name, plan.timezone, plan.levels[1].name)
    assert Condition(Metric.REVENUE, Comparison.ABOVE, 3_000_000, 1) == plan.levels[1].trigger


@pytest.mark.parametrize(
    ("word", "value"), [("on", True), ("Yes", True), ("TRUE", True), ("off", False), ("no", False), ("false", False)]
)
def test_yaml_words_for_booleans_work(word: str, *, value: bool) -> None:
    """Operators write on and off."""
    assert value == plan_from_text(changed("net: yes", f"net: {word}"), "shop.yaml").policies.revenue.net


def test_the_documented_example_is_a_plan() -> None:
    """What docs/plans.md shows can be copied and loaded."""
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
    plan = plan_from_text(page.split("```yaml\n")[1].split("```")[0], "docs/plans.md")

    assert [level.id for level in plan.levels] == ["floor", "paying", "growing"]


def test_every_policy_is_documented_with_its_default() -> None:
    """The table in docs/plans.md lists each policy key and the default that the code has."""
    page = (Path(__file__).parents[2] / "docs" / "plans.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    rows = {row[0]: row[2] for row in cells}
    policies = Policies()
    for key in POLICY_PARSERS:
        group, _, name = key.partition(".")
        assert rows[f"`{key}`"] == f"`{policy_text(getattr(getattr(policies, group), name))}`"
