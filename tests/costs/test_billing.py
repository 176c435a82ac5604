"""From the days of a bill to the event of a month and its alarms."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from config.calendar import month_from_text
from config.instants import instant_from_text
from config.plan import CostRules, Rate
from machines.costs.billed import BilledDay
from machines.costs.billing import BillError, alarms_after, alarms_over, bills_of, days_to_read
from machines.events import BillRead, CostAlarmChanged
from machines.state.costs import Costs, alarm_key
from tests.deciding.months import UNIT
from tests.machines.histories import shop

NOVEMBER = month_from_text("2026-11")
FIRST = date(2026, 11, 1)
PLAN = shop()
RULES = CostRules()


def billed(offset: int, units: int, component: str = "web", currency: str = "EUR", **fields: object) -> BilledDay:
    """One day of a bill, so many days after the first of November."""
    return msgspec.structs.replace(
        BilledDay(FIRST + timedelta(days=offset), currency, {component: units * UNIT}), **fields
    )


def accrued(*units: int, component: str = "web") -> dict[int, dict[str, int]]:
    """What was accrued on the days from the first of November on."""
    return {FIRST.toordinal() + offset: {component: each * UNIT} for offset, each in enumerate(units)}


def bill(billed_units: int, accrued_units: int, month: int = NOVEMBER) -> BillRead:
    """A month's bill of one component."""
    return BillRead(
        "cost_explorer",
        month,
        FIRST,
        FIRST,
        estimated=False,
        billed_micros={"web": billed_units * UNIT},
        accrued_micros={"web": accrued_units * UNIT},
    )


def alarmed(costs: Costs, event: BillRead) -> list[CostAlarmChanged]:
    """The changes that a bill brings, kept in the state."""
    changes = list(alarms_after(costs, event, RULES))
    for each in changes:
        costs.alarms[alarm_key(each.reader, each.component, each.month)] = each
    return changes


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        ("2026-11-21", "2026-11-01", "2026-11-20"),
        ("2026-11-10", "2026-10-01", "2026-11-09"),
        ("2026-11-11", "2026-11-01", "2026-11-10"),
        ("2027-01-01", "2026-12-01", "2026-12-31"),
    ],
)
def test_the_days_to_read_end_yesterday(today: str, first: str, last: str) -> None:
    """This month, and in its first ten days the last one too."""
    assert (date.fromisoformat(first), date.fromisoformat(last)) == days_to_read(date.fromisoformat(today))


def test_only_days_that_both_know_are_compared() -> None:
    """A bill is days late: the accrual of the days that it does not cover stays out."""
    (read,) = bills_of(PLAN, "cost_explorer", [billed(0, 3), billed(1, 4)], accrued(2, 2, 2, 2))

    assert ({"web": 7 * UNIT}, {"web": 4 * UNIT}) == (read.billed_micros, read.accrued_micros)
    assert (FIRST, FIRST + timedelta(days=1)) == (read.first_day, read.last_day)


def test_a_day_before_the_daemon_began_is_left_out() -> None:
    """Nothing was accrued on it, which is unknown and not zero."""
    assert [] == bills_of(PLAN, "cost_explorer", [billed(5, 3)], accrued(2, 2))


def test_each_month_has_its_own_event() -> None:
    """A read across the turn of the month gives two."""
    days = {FIRST.toordinal() - 1: {"web": UNIT}, **accrued(2)}

    assert [NOVEMBER - 1, NOVEMBER] == [each.month for each in bills_of(PLAN, "x", [billed(0, 1), billed(-1, 1)], days)]


def test_an_estimated_day_makes_an_estimated_bill() -> None:
    """What the provider says of one day holds for the sum, and what has no name is kept apart."""
    days = [billed(0, 3), billed(1, 4, estimated=True, unattributed_micros=5)]
    (read,) = bills_of(PLAN, "cost_explorer", days, accrued(2, 2))

    assert (True, 5) == (read.estimated, read.unattributed_micros)


def test_another_currency_is_converted_at_the_days_rate() -> None:
    """The plan's dated rates hold for bills as for payments."""
    rates = (
        Rate("USD", instant_from_text("2026-01-01T00:00:00Z"), Decimal("0.5")),
        Rate("USD", instant_from_text("2026-11-02T00:00:00Z"), Decimal("0.9")),
    )
    plan = msgspec.structs.replace(PLAN, rates=rates)
    (read,) = bills_of(plan, "x", [billed(0, 10, currency="USD"), billed(1, 10, currency="USD")], accrued(1, 1))

    assert {"web": 14 * UNIT} == read.billed_micros


def test_a_currency_without_a_rate_is_refused() -> None:
    """The message says what to add; nothing of the bill is used."""
    with pytest.raises(BillError, match="has no rate for that day: add one under `rates`"):
        bills_of(PLAN, "x", [billed(0, 10, currency="USD")], accrued(1))


def test_an_empty_day_needs_no_rate() -> None:
    """Where nothing was billed, the currency does not matter."""
    (read,) = bills_of(PLAN, "x", [BilledDay(FIRST, "USD", {})], accrued(1))

    assert {} == read.billed_micros


def test_an_alarm_is_raised_once_and_ended_once() -> None:
    """The same bill again says nothing new; one within half the tolerance ends the alarm."""
    costs = Costs()
    found = [alarmed(costs, bill(units, 100)) for units in (110, 130, 131, 115)]
    assert [[], ["deviates"], [], []] == [[each.status for each in changes] for changes in found]

    assert ["agrees"] == [each.status for each in alarms_after(costs, bill(105, 100), RULES)]


def test_an_alarm_that_becomes_an_outlier_says_so() -> None:
    """The figure is used no more, which is news."""
    costs = Costs()
    alarmed(costs, bill(130, 100))

    assert ["outlier"] == [each.status for each in alarms_after(costs, bill(1_300, 100), RULES)]


def test_a_component_that_the_bill_does_not_name_is_not_judged() -> None:
    """Unknown is not zero: no alarm for what accrued and is not on the bill."""
    unnamed = msgspec.structs.replace(bill(0, 100), billed_micros={})

    assert [] == list(alarms_after(Costs(), unnamed, RULES))


def test_alarms_end_that_no_bill_can_end() -> None:
    """Those of months long over, and of a reader that is switched off."""
    costs = Costs()
    alarmed(costs, bill(130, 100))

    assert [] == list(alarms_over(costs, NOVEMBER + 1, ["cost_explorer"]))
    assert ["agrees"] == [each.status for each in alarms_over(costs, NOVEMBER + 2, ["cost_explorer"])]
    assert ["agrees"] == [each.status for each in alarms_over(costs, NOVEMBER, ["open_cost"])]
