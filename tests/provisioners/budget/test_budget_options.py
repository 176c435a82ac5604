"""The options of a paid API, as a plan states them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.loading import plan_from_text
from config.provisioner_options.budget import budget_options
from tests.config.plan_text import changed, problems_of

SIMULATED = "    provisioner: simulated\n    options: {warm_s: 2, faults: {warm: [transient, 3]}}\n"
PRODUCT = "expected units_per_month x unit_price above 0, at most 9000000000.00 and with at most six decimals"


def with_options(text: str) -> str:
    """The small plan, its database replaced by a budget."""
    plan = changed(SIMULATED, f"    provisioner: budget\n    options: {{{text}}}\n")
    # So that what the options allow is covered.
    plan = plan.replace("monthly_cost: 10.10", "monthly_cost: 9000000000").replace("    monthly_cost: 15.25\n", "")
    return plan.replace("max_burn: 40", "max_burn: 9100000000")


def test_a_budget_is_read_with_its_defaults_written_out() -> None:
    """4,000 at 0.15 are 600, of which 80 % warn; the kind itself is the failure domain, which is ""."""
    plan = plan_from_text(with_options("units_per_month: 4000, unit_price: 0.15"), "plan.yaml")
    component = plan.components["database"]

    options = budget_options(component.options)

    assert component.options == {
        "units_per_month": "4000",
        "unit_price": "0.15",
        "unit": "unit",
        "warn_percent": 80,
        "period": "month",
        "timezone": "UTC",
        "api": "",
    }
    assert (600_000_000, 150_000, 480_000_000) == (
        options.budget_micros,
        options.unit_price_micros,
        options.warn_at_micros,
    )
    assert "" == component.provider


def test_all_options_are_read() -> None:
    """Exact to the last of six decimals."""
    text = (
        "units_per_month: 0.5, unit_price: 0.000002, unit: 1000 tokens, warn_percent: 51, period: month, "
        "timezone: Europe/Rome, api: hume-ai"
    )
    plan = plan_from_text(with_options(text), "plan.yaml")

    options = budget_options(plan.components["database"].options)

    assert (Decimal("0.5"), "1000 tokens", "Europe/Rome", "hume-ai") == (
        options.units_per_month,
        options.unit,
        options.timezone,
        options.api,
    )
    assert (1, 1) == (options.budget_micros, options.warn_at_micros)


def test_a_budget_is_no_larger_than_its_price() -> None:
    """The cap counts the component's price: what may be spent beyond it would not be counted."""
    text = with_options("units_per_month: 400, unit_price: 0.15")

    (problem,) = problems_of(text.replace("monthly_cost: 9000000000", "monthly_cost: 59.99"))

    assert (
        "components.database.monthly_cost: expected at least the 60.00 a month that its options allow" in problem.text
    )
    assert () == problems_of(text.replace("monthly_cost: 9000000000", "monthly_cost: 60"))


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("units_per_month: 4000", "unit_price", "a decimal amount such as 19.99, found no such key"),
        ("unit_price: 1", "units_per_month", "a decimal amount such as 19.99, found no such key"),
        ("units_per_month: 0, unit_price: 1", "units_per_month", "an amount above 0, found '0'"),
        ("units_per_month: 1, unit_price: 0.0000001", "unit_price", "with at most six decimals"),
        ("units_per_month: 0.000001, unit_price: 0.15", "unit_price", f"{PRODUCT}, found 0.000001 x 0.15"),
        ("units_per_month: 9000000001, unit_price: 1", "unit_price", f"{PRODUCT}, found 9000000001 x 1"),
        ("units_per_month: 1, unit_price: 1, warn_percent: 0", "warn_percent", "from 1 to 100, found '0'"),
        ("units_per_month: 1, unit_price: 1, period: week", "period", "expected month, found 'week'"),
        ("units_per_month: 1, unit_price: 1, timezone: Europe/Room", "timezone", "did you mean 'Europe/Rome'?"),
        ("units_per_month: 1, unit_price: 1, api: Hume AI", "api", "a name such as hume-ai"),
        ("units_per_month: 1, unit_price: 1, prize: 2", "prize", "the unknown key 'prize'"),
    ],
)
def test_a_mistake_is_named(text: str, key: str, expected: str) -> None:
    """Each where it stands, with what was expected."""
    (problem,) = problems_of(with_options(text))

    assert f"components.database.options.{key}" in problem.text
    assert expected in problem.text


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"units_per_month": "1", "unit_price": "0"},
        {"units_per_month": "-1", "unit_price": "-1"},
        {"units_per_month": "NaN", "unit_price": "1"},
        {"units_per_month": "1", "unit_price": "0.0000001"},
        {"units_per_month": "1", "unit_price": "1", "timezone": "Nowhere"},
        {"units_per_month": "1", "unit_price": "1", "no_such_option": 1},
    ],
)
def test_options_of_another_kind_are_refused(options: dict[str, str]) -> None:
    """What no plan can have stated is an error and no budget."""
    with pytest.raises(ValueError, match=r"xpected|required|unknown"):
        budget_options(options)
