"""Going up, holds, partial activation, pre-warming and cost: RESOLUTIONS 7, 16 and 20."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from config.plan import Component, Level, Plan
from config.policies import Advance
from config.triggers import Comparison, Condition, Metric
from machines.deciding.decision import after, decide
from machines.deciding.facts import DecidedState, Decision, Direction
from tests.deciding.months import UNIT, at_least, autobroker, closed, levels_of, policies_with


def judged(plan: Plan, *units: str | int, level: int = 0) -> Decision:
    """The decision at the last close, standing on `level`."""
    return decide(plan, closed(*units), DecidedState(level=level))


def shop(**policies: object) -> Plan:
    """One floor and two levels; level 2's database must be up before its search."""
    components = {
        "search": Component("search", 50 * UNIT, "simulated", warm_cost_micros=5 * UNIT, requires=("database",)),
        "database": Component("database", 100 * UNIT, "simulated", warm_cost_micros=10 * UNIT, stateful=True),
        "mail": Component("mail", 400 * UNIT, "simulated", warm_cost_micros=20 * UNIT),
        "web": Component("web", 100 * UNIT, "simulated"),
        "vps": Component("vps", 10 * UNIT, "simulated", host=True),
    }
    levels = (
        Level(0, "floor", "Floor", ("vps",), 50 * UNIT),
        Level(1, "small", "Small", ("web",), 400 * UNIT, at_least(200)),
        Level(2, "large", "Large", ("web", "search", "database", "mail"), 1000 * UNIT, at_least(300, 2)),
    )
    return Plan("shop", "Shop", "EUR", "UTC", components, levels, policies_with(**policies))


def test_jump_reaches_the_highest_eligible_level() -> None:
    """From 0 to 3 at one close."""
    decision = judged(autobroker(), 5000, 5000)

    assert (decision.level, decision.direction, decision.cause) == (3, Direction.UP, "debounce met: 2 of 2 months")


def test_step_rises_one_level_a_close() -> None:
    """0, 1, 2, 3: one at a time."""
    assert levels_of(autobroker(activation__advance=Advance.STEP), 5000, 5000, 5000) == [1, 2, 3]


def test_step_waits_where_the_next_level_is_not_eligible() -> None:
    """A level that is eligible further up does not lift over one that is held."""
    plan = autobroker(activation__advance=Advance.STEP)
    hold = Condition(Metric.REVENUE, Comparison.AT_LEAST, 0)
    levels = tuple(msgspec.structs.replace(each, hold=hold) if each.index == 1 else each for each in plan.levels)
    plan = msgspec.structs.replace(plan, levels=levels)

    assert judged(plan, 5000, 5000).level == 0
    assert judged(plan, 5000, 5000).eligible == (2, 3)


def test_eligible_lists_levels_at_and_below_the_present_one() -> None:
    """All that would be allowed."""
    assert judged(autobroker(), 5000, 5000, level=3).eligible == (1, 2, 3)


def test_a_hold_blocks_with_nothing_missing() -> None:
    """A WAIT signal is no question of money."""
    plan = autobroker()
    hold = Condition(Metric.REVENUE, Comparison.BELOW, 500 * UNIT)
    levels = tuple(msgspec.structs.replace(each, hold=hold) if each.index == 1 else each for each in plan.levels)
    plan = msgspec.structs.replace(plan, levels=levels)
    (blocked,) = judged(plan, 480).blocked

    assert (blocked.level, blocked.missing_micros) == (1, 0)
    assert judged(plan, 500).level == 1


def test_partial_enables_what_the_blocked_ratio_affords() -> None:
    """0.9 x 300 is 270: web 100, database 100 and its search 50 fit, mail 400 does not."""
    decision = judged(shop(activation__partial=True), 300, 300)

    assert decision.blocked[0].level == 2
    assert (decision.level, decision.partial) == (1, ("database", "search"))
    assert (decision.committed_cost_micros, decision.cap_micros) == (250 * UNIT, 270 * UNIT)


def test_partial_leaves_out_what_requires_something_left_out() -> None:
    """With search alone affordable, nothing rises: it needs the database."""
    plan = shop(activation__partial=True)
    dear = msgspec.structs.replace(plan.components["database"], monthly_cost_micros=999 * UNIT)
    plan = msgspec.structs.replace(plan, components=plan.components | {"database": dear})

    assert judged(plan, 300, 300).partial == ()


def test_partial_is_recomputed_at_each_close() -> None:
    """What a leaner month no longer affords is dropped."""
    plan = shop(activation__partial=True)
    state = after(decide(plan, closed(320, 320), DecidedState()), DecidedState())

    assert state.partial == ("database", "search")
    assert decide(plan, closed(320, 320, 250), state).partial == ()
    assert decide(plan, closed(320, 320, 320), state).partial == ("database", "search")


def test_partial_is_off_by_default() -> None:
    """A level is activated whole or not at all."""
    assert judged(shop(), 300, 300).partial == ()


def test_partial_needs_the_debounce() -> None:
    """Only the ratio may be in the way."""
    assert judged(shop(activation__partial=True), 300).partial == ()


def test_prewarming_starts_at_the_plans_confidence() -> None:
    """After one of two months level 2 is warmed, except search, whose database is not hot yet."""
    decision = judged(shop(activation__prewarm_confidence=Decimal("0.5")), 800)

    assert (decision.level, decision.prewarm) == (1, ("database", "mail"))
    assert decision.committed_cost_micros == 130 * UNIT


def test_prewarming_waits_for_its_confidence() -> None:
    """A half is less than 0.6."""
    assert judged(shop(activation__prewarm_confidence=Decimal("0.6")), 800).prewarm == ()


def test_the_cap_limits_prewarming() -> None:
    """Level 1 at 300 may spend 270; with web at 255 only the database's 10 fits."""
    plan = shop(activation__prewarm_confidence=Decimal("0.5"))
    dear = msgspec.structs.replace(plan.components["web"], monthly_cost_micros=255 * UNIT)
    plan = msgspec.structs.replace(plan, components=plan.components | {"web": dear})

    assert judged(plan, 300).prewarm == ("database",)


def test_prewarming_from_the_floor_has_a_cap() -> None:
    """The floor's exemption covers its own components alone."""
    plan = shop(activation__prewarm_confidence=Decimal("0.5"), activation__advance=Advance.STEP)
    held = msgspec.structs.replace(plan.levels[1], trigger=at_least(200, 2))
    web = msgspec.structs.replace(plan.components["web"], warm_cost_micros=7 * UNIT)
    plan = msgspec.structs.replace(
        plan, levels=(plan.levels[0], held, plan.levels[2]), components=plan.components | {"web": web}
    )
    decision = judged(plan, 300)

    assert (decision.level, decision.prewarm, decision.cap_micros) == (0, ("web",), 270 * UNIT)


def test_a_plan_that_lost_its_upper_levels_still_decides() -> None:
    """A state from a larger plan counts as the top level."""
    assert judged(shop(), 5000, 5000, level=9).level == 2


def test_every_level_is_explained() -> None:
    """Required, measured, missing, by how much and by when."""
    explanation = judged(autobroker(), 700, 800, level=1).explanation

    assert [each.level for each in explanation] == [0, 1, 2, 3, 4]
    assert explanation[2].text == (
        "Level 2 (Name 2) needs at least 800.00 in 2 closed months in a row, and costs 1183.00 a month, which may be"
        " 0.90 of revenue. 2024-02 closed at 800.00: 1 of 2 closed months met. The earliest close that can meet it is"
        " that of 2024-03."
    )
    assert "2024-02 closed at 800.00, 2200.00 short: 0 of 2 closed months met." in explanation[3].text
    assert "that of 2024-05." in explanation[4].text
    assert explanation[1].text.endswith("It is on.")


def test_a_blocked_level_is_explained_with_what_is_missing() -> None:
    """The amount is that of `blocked`."""
    text = judged(autobroker(), 800, 800).explanation[2].text

    assert text.endswith("It is blocked: cost 1183.00 is above ratio 0.90 of 800.00; 514.444445 is missing.")
