"""`--set path=value` replaces a plan's own value and is read by the same rules."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from config.errors import PlanError
from config.loading import load_plan, plan_from_text
from config.overrides import OVERRIDE_KEYS
from config.policies import Policies
from config.policy_keys import POLICY_PARSERS, policy_text
from tests.config.plan_text import PLAN, changed, lines_of

VALUES = {
    "revenue.measure": "trailing_30d",
    "revenue.basis": "committed",
    "revenue.net": "false",
    "revenue.take_rate": "0.2",
    "revenue.close_delay_hours": "0",
    "revenue.fall_max": "0.25",
    "revenue.silence_max_hours": "48",
    "safety.ratio_max": "0.5",
    "safety.ratio_warn": "0.4",
    "safety.cost_basis": "max_burn",
    "safety.ratio_months": "current",
    "safety.brake": "off",
    "safety.hard_ratio": "off",
    "activation.advance": "step",
    "activation.partial": "true",
    "activation.approval": "manual",
    "activation.prewarm_confidence": "0.5",
    "rollback.after": "daily",
    "rollback.target": "band",
    "rollback.hysteresis": "0",
    "rollback.approval": "manual",
}
"""For each policy key a value that is not its default."""


def policy(policies: Policies, key: str) -> str:
    """One policy as a plan writes it."""
    group, _, name = key.partition(".")
    return policy_text(getattr(getattr(policies, group), name))


def test_every_policy_has_a_key_and_a_test_value() -> None:
    """A policy that is added without a parser, or without a value here, is noticed."""
    fields = {
        f"{group.name}.{field.name}"
        for group in msgspec.structs.fields(Policies)
        for field in msgspec.structs.fields(group.type)
    }

    assert set(VALUES) == set(POLICY_PARSERS) == fields
    assert OVERRIDE_KEYS[:2] == ("currency", "timezone")


@pytest.mark.parametrize(("key", "value"), VALUES.items())
def test_every_policy_key_can_be_set(key: str, value: str) -> None:
    """The value arrives, and no other policy changes."""
    before = load_plan("autobroker").policies
    after = load_plan("autobroker", [f"{key}={value}"]).policies

    assert policy(after, key) == value
    assert policy(before, key) != value
    assert {each for each in VALUES if policy(after, each) != policy(before, each)} == {key}


@pytest.mark.parametrize("key", ["safety.hard_ratio", "activation.prewarm_confidence"])
def test_off_is_none_and_a_number_is_itself(key: str) -> None:
    """Both ways of the two policies that can be switched off."""
    assert policy(load_plan("autobroker", [f"{key}=off"]).policies, key) == "off"
    assert policy(load_plan("autobroker", [f"{key}=0.75"]).policies, key) == "0.75"


def test_a_policy_may_be_named_as_in_the_file() -> None:
    """`policies.` before a key says the same, and spaces around do not matter."""
    plan = load_plan("autobroker", ["policies.safety.ratio_max = 0.7"])

    assert plan.policies.safety.ratio_max == Decimal("0.7")


def test_the_last_of_several_wins() -> None:
    """As on every command line."""
    plan = load_plan("autobroker", ["safety.ratio_max=0.7", "safety.ratio_max=0.6"])

    assert plan.policies.safety.ratio_max == Decimal("0.6")


def test_currency_and_timezone_can_be_set_and_amounts_stand() -> None:
    """Thresholds keep their numbers in the other currency."""
    before, after = load_plan("autobroker"), load_plan("autobroker", ["currency=USD", "timezone=Europe/Rome"])

    assert (after.currency, after.timezone) == ("USD", "Europe/Rome")
    assert after == msgspec.structs.replace(before, currency="USD", timezone="Europe/Rome")


def test_a_plan_with_rates_keeps_its_currency() -> None:
    """Rates lead into the plan's currency and would silently be wrong in another."""
    assert lines_of(PLAN, "currency=EUR") == []
    assert lines_of(PLAN, "currency=GBP") == [
        "--set: currency: expected the plan's own currency, since its rates lead into that one, found 'GBP'"
    ]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "safety.hard_ratio=x",
            "safety.hard_ratio: expected a decimal number above 0 and at most 1000, or off, found 'x'",
        ),
        ("safety.brake=of", "safety.brake: expected one of debounce, immediate, off, found 'of' (did you mean 'off'?)"),
        ("rollback.hysteresis=1", "rollback.hysteresis: expected a decimal number at least 0 and below 1, found '1'"),
        ("revenue.take_rate=", "revenue.take_rate: expected a decimal number above 0 and at most 1, found ''"),
        (
            "safety.ratio_max",
            "safety.ratio_max: expected path=value, such as safety.ratio_max=0.80, found 'safety.ratio_max'",
        ),
        ("currency=", "currency: expected an ISO 4217 code such as EUR, found ''"),
    ],
)
def test_a_bad_value_is_named_with_what_is_valid(override: str, expected: str) -> None:
    """The problem's file is `--set`."""
    with pytest.raises(PlanError) as caught:
        load_plan("autobroker", [override])

    assert str(caught.value) == f"--set: {expected}"


def test_a_bad_path_lists_the_valid_keys() -> None:
    """Whoever mistypes a key sees them all."""
    with pytest.raises(PlanError) as caught:
        load_plan("autobroker", ["safety.ratio_mx=0.8"])

    assert str(caught.value) == (
        f"--set: expected one of {', '.join(OVERRIDE_KEYS)}, found 'safety.ratio_mx' (did you mean 'safety.ratio_max'?)"
    )


def test_an_override_hides_no_mistake_of_the_file() -> None:
    """File and overrides are judged together, the file first."""
    text = changed("ratio_max: 0.90", "ratio_max: much")

    assert [line.split(": expected")[0] for line in lines_of(text, "safety.ratio_max=0.8", "timezone=Mars")] == [
        "shop.yaml:8: policies.safety.ratio_max",
        "--set: timezone",
    ]


def test_overrides_reach_a_plan_without_policies() -> None:
    """Missing groups are made."""
    text = "plan: a\ncurrency: EUR\ncomponents: {}\nlevels: [{id: zero, max_burn: 1, components: []}]\npolicies:\n"

    assert plan_from_text(text, "a.yaml", ["rollback.hysteresis=0.1"]).policies.rollback.hysteresis == Decimal("0.1")
