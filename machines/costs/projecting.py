"""What a month will come to by its bills so far, and how much of that the plan's figures do not explain."""

from __future__ import annotations

from datetime import date

import msgspec

from config.calendar import Month
from config.money import divided_half_even
from machines.costs.comparing import Verdict
from machines.events import BillRead
from machines.state.costs import Costs, alarm_key


class Projected(msgspec.Struct, frozen=True):
    """A whole month at the pace of the days that bills cover, in micros of the plan's currency."""

    billed_micros: int
    unexplained_micros: int
    """Billed beyond a component's own accrual, or for no component that the bill names."""


def projected(costs: Costs, month: Month) -> Projected | None:
    """The sum of all readers' bills of the month, as `solvent costs` adds them; None where there is none."""
    bills = [of_months[month] for of_months in costs.bills.values() if month in of_months]
    if not bills:
        return None
    found = [_of_bill(costs, bill) for bill in bills]
    return Projected(sum(each.billed_micros for each in found), sum(each.unexplained_micros for each in found))


def month_days(month: Month) -> int:
    """28 to 31."""
    return (_first_day(month + 1) - _first_day(month)).days


def _first_day(month: Month) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _of_bill(costs: Costs, bill: BillRead) -> Projected:
    whole, covered = month_days(bill.month), (bill.last_day - bill.first_day).days + 1
    billed = unexplained = bill.unattributed_micros
    for component, micros in bill.billed_micros.items():
        accrued = bill.accrued_micros.get(component, 0)
        alarm = costs.alarms.get(alarm_key(bill.reader, component, bill.month))
        # Rather a mistake of unit or tag than a price, and an alarm of its own; yet it costs something all the same.
        refused = alarm is not None and alarm.status == Verdict.OUTLIER.value
        counted = accrued if refused else micros
        billed += counted
        unexplained += max(0, counted - accrued)
    return Projected(divided_half_even(billed * whole, covered), divided_half_even(unexplained * whole, covered))
