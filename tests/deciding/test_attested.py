"""Conditions that operators attest: ARCHITECTURE 7, RESOLUTIONS 6."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from config.plan import Plan
from config.policies import RollbackAfter
from config.triggers import AllOf, AnyOf, Attested, Trigger
from machines.deciding.conditions import Progress, below_minimum, holds, progress
from machines.deciding.decision import after, decide, decide_day
from machines.deciding.facts import DecidedState, Decision
from machines.deciding.rollback import PLAIN
from tests.deciding.months import UNIT, at_least, autobroker, closed

AUDITED = Attested("audited")
GOOD = 5000


def checked(trigger: Trigger | None = None, hold: Trigger | None = None, **policies: Any) -> Plan:
    """The five levels; the third asks for an audit too, or has this trigger and hold."""
    plan = autobroker(**policies)
    asked = trigger or AllOf((at_least(3000, 2), AUDITED))
    third = msgspec.structs.replace(plan.levels[3], trigger=asked, hold=hold)
    return msgspec.structs.replace(
        plan, levels=(*plan.levels[:3], third, *plan.levels[4:]), checklist={"audited": "the auditor signed"}
    )


def lived(plan: Plan, attested: list[bool], *units: int, level: int = 0) -> list[Decision]:
    """The decisions of closes, each with what was attested at it."""
    months, state, decisions = closed(*units), DecidedState(level=level), []
    for count, signed in enumerate(attested, start=1):
        decision = decide(plan, months[:count], state, ["audited"] if signed else [])
        state = after(decision, state)
        decisions.append(decision)
    return decisions


def levels(plan: Plan, attested: list[bool], *units: int, level: int = 0) -> list[int]:
    """The level after each close."""
    return [each.level for each in lived(plan, attested, *(units or [GOOD] * len(attested)), level=level)]


def test_a_level_waits_for_its_item() -> None:
    """Months alone are not enough; the close at which it is attested decides."""
    assert [1, 2, 2, 3] == levels(checked(), [False, False, False, True])
    assert [1, 3] == levels(checked(), [False, True])


def test_no_months_are_counted_of_an_item() -> None:
    """It need not be attested while the months are counted, and does not stand in for them."""
    assert [1, 2, 2] == levels(checked(), [True, True, True], 5000, 2000, 5000)
    assert 3 == levels(checked(), [False, False, True], 5000, 5000, 5000)[-1]


def test_nobodys_word_is_false_and_named_with_the_command() -> None:
    """The level is blocked by the item; the explanation says what it is and what to send."""
    decision = lived(checked(), [False, False], GOOD, GOOD)[-1]
    (blocked,) = [each for each in decision.blocked if each.level == 3]
    said = decision.explanation[3]

    assert ("not attested: audited", 0) == (blocked.reason, blocked.missing_micros)
    assert (("audited",), ("audited",)) == (decision.unattested, said.unattested)
    sentence = "Nobody attests audited (the auditor signed): once it is met, send the verb attest with item audited"
    assert sentence in said.text


def test_a_level_whose_attestation_ended_is_left_after_as_many_closes_as_it_took() -> None:
    """Two here, as for revenue below the minimum; the cause is the item."""
    decisions = lived(checked(), [True, False, False], GOOD, GOOD, GOOD, level=3)

    assert [3, 3, 2] == [each.level for each in decisions]
    assert "not attested: audited" == decisions[-1].cause


def test_an_attestation_that_returns_in_time_breaks_the_streak() -> None:
    """As a month above the minimum does."""
    assert [3, 3, 3, 3] == levels(checked(), [False, True, False, True], level=3)


def test_revenue_and_items_fail_in_one_streak() -> None:
    """A close that fails by either fails: one below the minimum, then one unattested."""
    decisions = lived(checked(), [True, False], 2700, GOOD, level=3)

    assert [3, 2] == [each.level for each in decisions]


def test_with_immediate_rollback_the_first_close_decides() -> None:
    """As for revenue."""
    plan = checked(rollback__after=RollbackAfter.IMMEDIATE)

    assert [2] == levels(plan, [False], level=3)


def test_between_closes_an_ended_attestation_changes_nothing() -> None:
    """A day's judgement looks at what was attested at the last close."""
    plan = checked(rollback__after=RollbackAfter.DAILY)
    months, state = closed(GOOD, GOOD), DecidedState(level=3)
    state = after(decide(plan, months, state, ["audited"]), state)

    middle = 1_710_500_000_000_000
    assert 3 == decide_day(plan, months, middle, GOOD * UNIT, state).level
    assert 2 == decide_day(plan, months, middle, 1500 * UNIT, state).level


def test_an_item_of_a_new_plan_did_not_lack_before_it_was_asked_for() -> None:
    """Closes under the old plan count nothing against the new one."""
    state = DecidedState(level=3)
    state = after(decide(autobroker(), closed(GOOD), state), state)

    first = decide(checked(), closed(GOOD, GOOD), state)
    assert (3, 2) == (first.level, decide(checked(), closed(GOOD, GOOD, GOOD), after(first, state)).level)


def test_a_hold_may_be_attested() -> None:
    """A level waits while somebody says so."""
    plan = checked(at_least(3000, 2), hold=AUDITED)

    assert [1, 2, 3] == levels(plan, [False, True, False])


@pytest.mark.parametrize(
    ("tree", "measures", "expected"),
    [
        (AllOf((at_least(2, 3), AUDITED)), [2, 2], Progress(2, 3, ("audited",))),
        (AllOf((AUDITED, at_least(2))), [2], Progress(1, 1, ("audited",))),
        (AnyOf((AllOf((at_least(1), AUDITED)), at_least(9, 3))), [2, 2], Progress(1, 1, ("audited",))),
        (AnyOf((AllOf((at_least(1), AUDITED)), at_least(2))), [2], Progress(1, 1)),
        (AnyOf((AUDITED, at_least(9, 3))), [2], Progress(0, 3)),
    ],
)
def test_progress_names_what_the_nearest_branch_lacks(tree: Trigger, measures: list[int], expected: Progress) -> None:
    """Months are counted as without the item; a branch that needs nobody's word comes first among equals."""
    found = progress(tree, [each * UNIT for each in measures], ("audited",))

    assert expected == found
    assert found.satisfied is (not expected.unattested and expected.months_met == expected.months_required)


def test_a_tree_holds_by_what_is_attested() -> None:
    """Durations left aside; an item has no hysteresis."""
    tree = AllOf((at_least(2), AUDITED))

    assert [True, False, False] == [
        holds(tree, each * UNIT, PLAIN, lacks) for each, lacks in ((2, ()), (2, ("audited",)), (1, ()))
    ]
    assert below_minimum(tree, 2 * UNIT, PLAIN, ("audited",))


def test_plans_without_a_checklist_remember_nothing() -> None:
    """What closes leave behind stays as small as it was."""
    state = DecidedState()
    for count in (1, 2, 3):
        state = after(decide(autobroker(), closed(*[GOOD] * count), state), state)

    assert () == state.lacked


def test_nothing_is_warmed_for_a_level_that_lacks_an_item() -> None:
    """Confidence counts months; a word may be years away."""
    plan = checked(activation__prewarm_confidence=Decimal("0.5"))

    assert ((), ("part_3",)) == tuple(lived(plan, [signed], GOOD, level=2)[0].prewarm for signed in (False, True))


def test_a_level_that_lacks_the_same_item_is_no_target() -> None:
    """The fall goes to the highest level whose items are attested too."""
    plan = checked()
    second = msgspec.structs.replace(plan.levels[2], trigger=AllOf((at_least(800, 2), AUDITED)))
    both = msgspec.structs.replace(plan, levels=(*plan.levels[:2], second, *plan.levels[3:]))

    assert [3, 1] == levels(both, [False, False], level=3)
