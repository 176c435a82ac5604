"""From the days of a bill to the event of a month, and from that to alarms."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from config.calendar import Month, calendar_of
from config.money import MICROS_MAX, divided_half_even
from config.plan import CostRules, Plan
from machines.costs.accrual import Day, month_of_day
from machines.costs.billed import BilledDay
from machines.costs.comparing import Verdict, compare
from machines.events import BillRead, CostAlarmChanged
from machines.state.costs import AGREES, Costs, alarm_key

SETTLING_DAYS = 10
"""So long into a month the one before is read again: providers settle their figures for some days."""


MONTHS_JUDGED = 2
"""This month and the one before; the alarms of older ones end, since their bills are read no more."""


class BillError(Exception):
    """A bill that cannot be held against the plan; the message says what to do."""


def days_to_read(today: date) -> tuple[date, date]:
    """First and last day of a read: this month through yesterday, with last month while that may still change."""
    yesterday = today - timedelta(days=1)
    first = today.replace(day=1)
    if today.day <= SETTLING_DAYS:
        first = (first - timedelta(days=1)).replace(day=1)
    return first, yesterday


def bills_of(
    plan: Plan, reader: str, days: Sequence[BilledDay], accrued: Mapping[Day, Mapping[str, int]]
) -> list[BillRead]:
    """One event for each month of which both the bill and the accrual know days; `accrued` is micros by component.

    Raises `BillError` for a currency without a rate.
    """
    months: dict[Month, list[BilledDay]] = {}
    for each in sorted(days, key=lambda billed: billed.day):
        if each.day.toordinal() in accrued:
            months.setdefault(month_of_day(each.day.toordinal()), []).append(each)
    return [_bill(plan, reader, month, billed, accrued) for month, billed in months.items()]


def _bill(
    plan: Plan, reader: str, month: Month, days: Sequence[BilledDay], accrued: Mapping[Day, Mapping[str, int]]
) -> BillRead:
    billed: dict[str, int] = {}
    unattributed = 0
    for each in days:
        unattributed += _converted(plan, each, each.unattributed_micros)
        for component, micros in each.micros.items():
            billed[component] = billed.get(component, 0) + _converted(plan, each, micros)
    own = _summed(accrued[each.day.toordinal()] for each in days)
    return BillRead(
        reader=reader,
        month=month,
        first_day=days[0].day,
        last_day=days[-1].day,
        estimated=any(each.estimated for each in days),
        billed_micros=billed,
        accrued_micros=own,
        unattributed_micros=unattributed,
    )


def _converted(plan: Plan, day: BilledDay, micros: int) -> int:
    """The amount in the plan's currency, at the rate of the day."""
    if day.currency == plan.currency or micros == 0:
        return micros
    calendar = calendar_of(plan.timezone)
    known = [each for each in plan.rates if each.currency == day.currency and each.since < calendar.day_end(day.day)]
    if not known:
        raise BillError(
            f"the bill of {day.day} is in {day.currency}, and the plan in {plan.currency} has no rate for that day: "
            f"add one under `rates` and send the verb reload"
        )
    numerator, denominator = max(known, key=lambda rate: rate.since).rate.as_integer_ratio()
    converted = divided_half_even(micros * numerator, denominator)
    if abs(converted) > MICROS_MAX:
        raise BillError(f"the bill of {day.day} is larger than any amount that solvent counts")
    return converted


def _summed(days: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for day in days:
        for component, micros in day.items():
            sums[component] = sums.get(component, 0) + micros
    return sums


def alarms_after(costs: Costs, bill: BillRead, rules: CostRules) -> Iterator[CostAlarmChanged]:
    """The alarms that a bill raises, changes or ends; a component that the bill does not name keeps its own."""
    for component, billed in bill.billed_micros.items():
        standing = costs.alarms.get(alarm_key(bill.reader, component, bill.month))
        accrued = bill.accrued_micros.get(component, 0)
        compared = compare(accrued, billed, rules, raised=standing is not None)
        before = standing.status if standing is not None else Verdict.AGREES.value
        if compared.verdict.value != before:
            yield CostAlarmChanged(
                bill.reader, component, bill.month, compared.verdict.value, accrued, billed, compared.reason
            )


def alarms_over(costs: Costs, month: Month, readers: Collection[str]) -> Iterator[CostAlarmChanged]:
    """The end of the alarms that no later bill can end, in `month` and with these readers."""
    for alarm in costs.alarms.values():
        if alarm.month <= month - MONTHS_JUDGED:
            reason = "the month is long over: its bill is read no more"
        elif alarm.reader not in readers:
            reason = f"{alarm.reader} is switched off"
        else:
            continue
        yield msgspec.structs.replace(alarm, status=AGREES, reason=reason)
