"""The options of a dial, as a plan states them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from config.dials import DialPolicy
from config.loading import plan_from_text
from config.provisioner_options.dial import dial_policy
from tests.config.plan_text import changed, problems_of

SIMULATED = "    provisioner: simulated\n    options: {warm_s: 2, faults: {warm: [transient, 3]}}\n"


def with_options(text: str) -> str:
    """The small plan, its database replaced by a dial."""
    return changed(SIMULATED, f"    provisioner: dial\n    options: {{{text}}}\n")


def policy(text: str) -> DialPolicy:
    """The policy of a plan with these options."""
    return dial_policy(plan_from_text(with_options(text), "plan.yaml").components["database"].options)


def test_a_dial_is_read_with_its_defaults_written_out() -> None:
    """The roadmap's figures; a plan in the journal keeps what it meant."""
    options = plan_from_text(with_options(""), "plan.yaml").components["database"].options

    assert options == {
        "share_percent_by_level": [100, 80, 95],
        "growth_above": "1.00",
        "margin_above": "0.70",
        "margin_below": "0.50",
        "accuracy_below": "0.80",
        "accuracy_age_max_s": 86_400,
        "shift_percent": 20,
        "hysteresis": "0.05",
        "step_max_percent": 10,
        "turn_every_s": 86_400,
        "providers": [],
    }
    assert DialPolicy() == dial_policy(options)


def test_all_options_are_read() -> None:
    """Each in its own place."""
    assert DialPolicy(
        (10, 20), Decimal(2), Decimal("0.6"), Decimal("0.4"), Decimal("0.9"), 60, 5, Decimal(0), 1, 3
    ) == (
        policy(
            "share_percent_by_level: [10, 20], growth_above: 2, margin_above: 0.6, margin_below: 0.4, "
            "accuracy_below: 0.9, accuracy_age_max_s: 60, shift_percent: 5, hysteresis: 0, step_max_percent: 1, "
            "turn_every_s: 3"
        )
    )
    assert ("openai", "anthropic") == policy("providers: [openai, anthropic]").providers


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ("share_percent_by_level: [100, 101]", "share_percent_by_level.1", "of percent from 0 to 100, found '101'"),
        ("share_percent_by_level: []", "share_percent_by_level", "a list of 1 to 32 shares, found 0 of them"),
        ("share_percent_by_level: 80", "share_percent_by_level", "expected a list"),
        ("growth_above: 0", "growth_above", "a decimal number above 0"),
        ("margin_above: 1.1", "margin_above", "at most 1, found '1.1'"),
        ("margin_below: 0.7", "margin_below", "margin_below less than margin_above, found 0.7 and 0.70"),
        ("accuracy_below: 0.96", "accuracy_below", "accuracy_below + hysteresis at most 1"),
        ("hysteresis: 0.3", "hysteresis", "found '0.80 + 0.3'"),
        ("step_max_percent: 0", "step_max_percent", "percent from 1 to 100, found '0'"),
        ("turn_every_s: 0", "turn_every_s", "seconds from 1 to"),
        ("providers: [OpenAI]", "providers.0", "a name such as openai"),
        ("providers: [openai, openai]", "providers.1", "'openai' a second time"),
        ("accuracy_bellow: 0.8", "accuracy_bellow", "did you mean 'accuracy_below'?"),
    ],
)
def test_a_mistake_is_named(text: str, key: str, expected: str) -> None:
    """Each where it stands, with what was expected."""
    found = problems_of(with_options(text))

    assert any(f"components.database.options.{key}" in each.text and expected in each.text for each in found), found


@pytest.mark.parametrize("options", [{"no_such_option": 1}, {"share_percent_by_level": "many"}])
def test_options_of_another_kind_are_refused(options: dict[str, object]) -> None:
    """What no plan can have stated is an error and no policy."""
    with pytest.raises(msgspec.ValidationError):
        dial_policy(options)
