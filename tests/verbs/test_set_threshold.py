"""`set-threshold`: another minimum than the plan's, in order with its neighbours, and back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from config.plan import Plan
from config.triggers import AllOf, Attested, Comparison, Condition, Metric
from machines.events import ThresholdEnded, ThresholdSet
from tests.deciding.months import UNIT, at_least, autobroker
from tests.machines.histories import SHOP, acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told

FIVE = autobroker()
REASON = {"reason": "a discount"}


def with_trigger(trigger: Any) -> Plan:
    """The shop whose large level has another trigger."""
    large = msgspec.structs.replace(SHOP.levels[2], trigger=trigger)
    return msgspec.structs.replace(SHOP, levels=(*SHOP.levels[:2], large))


def test_a_minimum_is_set_instead_of_the_plans() -> None:
    """With what held before, its end, its reason and who said so."""
    judged = told("set-threshold", bench(acting()), level="large", minimum="700.00", ttl="2h", **REASON)

    assert (ThresholdSet(2, 700 * UNIT, 600 * UNIT, IN_TWO_HOURS, "a discount", "ann"),) == judged.events
    said = "level 2 asks for 700.00 instead of 600.00 until 2024-06-01T02:00:00Z, from the next close on"
    assert f"{said}; the cap stays as it is" == judged.reason


def test_the_plan_decides_by_it_from_then_on() -> None:
    """The trigger has the new figure, and again the old one afterwards."""
    state = acting(ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "", "ann"))
    assert state.plan is not None
    assert at_least(700, 2) == state.plan.levels[2].trigger

    judged = told("set-threshold", bench(state), level="2", minimum="plan")
    assert (ThresholdEnded(2, 600 * UNIT, "taken back by ann"),) == judged.events
    ended = acting(ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "", "ann"), *judged.events)
    assert SHOP == ended.plan


def test_it_may_be_set_again() -> None:
    """What held before is the figure set, and what holds afterwards still the plan's."""
    state = acting(ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "", "ann"))
    (event,) = told("set-threshold", bench(state), level="2", minimum="800", **REASON).events

    assert ThresholdSet(2, 800 * UNIT, 700 * UNIT, None, "a discount", "ann") == event
    assert (
        600 * UNIT
        == acting(ThresholdSet(2, 700 * UNIT, 600 * UNIT, None, "", "a"), event).operators.thresholds[2].plan_micros
    )


@pytest.mark.parametrize("minimum", ["450.00", "3000.00"])
def test_levels_stay_in_order(minimum: str) -> None:
    """A level asks for more than the one below, and for less than the one above."""
    expected = "minimum: expected an amount above 450.00, that of level 1, and below 3000.00, that of level 3"

    refused(
        "set-threshold", bench(acting(plan=FIVE)), f"{expected}; found {minimum}", level="2", minimum=minimum, **REASON
    )
    assert "done" == told("set-threshold", bench(acting(plan=FIVE)), level="2", minimum="450.01", **REASON).outcome


def test_levels_stay_in_order_when_a_neighbours_setting_ends() -> None:
    """Both the set and the plan's figure of a neighbour bound it."""
    raised = bench(acting(ThresholdSet(3, 9000 * UNIT, 3000 * UNIT, None, "", "ann"), plan=FIVE))
    lowered = bench(acting(ThresholdSet(3, 900 * UNIT, 3000 * UNIT, None, "", "ann"), plan=FIVE))
    bounds = "minimum: expected an amount above 450.00, that of level 1, and below"

    refused(
        "set-threshold",
        raised,
        f"{bounds} 3000.00, that of level 3; found 5000.00",
        level="2",
        minimum="5000",
        **REASON,
    )
    refused(
        "set-threshold",
        lowered,
        f"{bounds} 900.00, that of level 3; found 1000.00",
        level="2",
        minimum="1000",
        **REASON,
    )


def test_the_lowest_and_the_highest_level_have_one_neighbour() -> None:
    """Nothing below level 1 but nothing at all; nothing above the top."""
    before = bench(acting(plan=FIVE))
    lowest = "minimum: expected an amount above 0.00, and below 800.00, that of level 2; found 0.00"

    refused("set-threshold", before, lowest, level="1", minimum="0", **REASON)
    assert "done" == told("set-threshold", before, level="4", minimum="90000000", **REASON).outcome


def test_the_trigger_must_have_one_minimum() -> None:
    """With two different ones nobody could say which is meant; the same one twice is one."""
    condition = Condition(Metric.REVENUE, Comparison.AT_MOST, 9 * UNIT)
    two = bench(acting(plan=with_trigger(AllOf((at_least(600, 2), at_least(700))))))
    one = bench(acting(plan=with_trigger(AllOf((at_least(600, 2), at_least(600), Attested("audited"), condition)))))
    expected = "level: expected one minimum of revenue in its trigger, found 600.00, 700.00; change the plan instead"

    refused("set-threshold", two, expected, level="2", minimum="650", **REASON)
    assert "done" == told("set-threshold", one, level="2", minimum="650", **REASON).outcome


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"minimum": "650"}, "level: missing; expected a level's number or id"),
        ({"level": "0", "minimum": "1"}, "level: floor is level 0, which is always on and asks for no revenue"),
        ({"level": "2"}, "minimum: missing; expected an amount such as 1200.00, or plan for the plan's own"),
        ({"level": "2", "minimum": "much"}, "minimum: expected a decimal amount such as 19.99, found 'much'"),
        (
            {"level": "2", "minimum": "650"},
            "reason: missing; expected why level 2 is to ask for another revenue than the plan says",
        ),
        ({"level": "2", "minimum": "plan"}, "minimum: nobody set that of level 2; the plan's own holds"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, str], reason: str) -> None:
    """Each says the field and what was expected."""
    refused("set-threshold", bench(acting()), reason, **fields)
