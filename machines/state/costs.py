"""What was accrued by day and month, folded from the events that change what a component counts."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from config.calendar import Calendar, Month
from config.instants import Instant
from machines import events
from machines.costs.accrual import Accrual, Day, advance, change, copied, day_end, day_of, month_of_day

MONTHS_KEPT = 13
"""This month and the twelve before it; older ones stand in the journal."""
AGREES = "agrees"
"""The status of an alarm that is over."""
DAYS_AT_ONCE_MAX = 31
"""A daemon that was down for years records its days in groups of so many."""


class Costs(msgspec.Struct):
    """The accruals under way, and the sums of the days that were recorded."""

    accruals: dict[str, Accrual] = {}
    """By component; of those that count something, or did today."""
    next_day: Day | None = None
    """The first day that no event has recorded; None before the first plan."""
    first_month: Month | None = None
    """That of the first plan; None before it."""
    months: dict[Month, dict[str, int]] = {}
    """Micros by component, of the recorded days of each month."""
    month_begins: dict[Month, int] = {}
    """The sequence number of the first event that recorded a day of the month."""
    bills: dict[str, dict[Month, events.BillRead]] = {}
    """The newest bill of each month, by reader."""
    read_at: dict[str, Instant] = {}
    """When each reader's bill was last read: reading costs money."""
    alarms: dict[str, events.CostAlarmChanged] = {}
    """Those that stand, by `alarm_key`."""
    reconciling: dict[str, events.BudgetReconcileAsked] = {}
    """Orders that are not settled, by component: they survive a restart."""
    reconciled: dict[str, events.BudgetReconciled] = {}
    """The newest budget set to a bill, by component."""


def began(costs: Costs, at: Instant, calendar: Calendar) -> None:
    """Days are recorded from the first plan on."""
    if costs.next_day is None:
        costs.next_day = day_of(calendar, at)
        costs.first_month = month_of_day(costs.next_day)


def fold_cost(costs: Costs, component: str, month_micros: int, at: Instant, calendar: Calendar) -> None:
    """From `at` on the component counts `month_micros` a month."""
    accrual = costs.accruals.get(component)
    if accrual is None:
        accrual = costs.accruals[component] = Accrual(0, at)
    change(accrual, month_micros, at, calendar)


OF_COSTS: Final[frozenset[type]] = frozenset(
    {
        events.CostsAccrued,
        events.BillRead,
        events.CostAlarmChanged,
        events.BudgetReconcileAsked,
        events.BudgetReconciled,
    }
)
"""The events that `fold_costs_event` folds."""


def fold_costs_event(costs: Costs, recorded: events.Recorded, calendar: Calendar) -> None:
    """Fold one of the events of costs; any other is ignored."""
    event = recorded.event
    match event:
        case events.CostsAccrued():
            _fold_accrued(costs, event, calendar)
            costs.month_begins.setdefault(month_of_day(event.day.toordinal()), recorded.sequence)
        case events.BillRead():
            _fold_bill(costs, event, recorded.recorded_at)
        case events.CostAlarmChanged():
            _fold_alarm(costs, event)
        case events.BudgetReconcileAsked():
            costs.reconciling[event.component] = event
        case events.BudgetReconciled():
            costs.reconciling.pop(event.component, None)
            if event.after_micros is not None:
                costs.reconciled[event.component] = event
        case _:
            pass


def _fold_accrued(costs: Costs, event: events.CostsAccrued, calendar: Calendar) -> None:
    """The day is recorded: its figures move into the month's."""
    day = event.day.toordinal()
    ends_at = day_end(calendar, day)
    for component in list(costs.accruals):
        accrual = costs.accruals[component]
        advance(accrual, ends_at, calendar)
        accrual.days.pop(day, None)
        if accrual.month_micros == 0 and not accrual.days and not accrual.remainder:
            del costs.accruals[component]
    sums = costs.months.setdefault(month_of_day(day), {})
    for component, micros in event.by_component_micros.items():
        sums[component] = sums.get(component, 0) + micros
    costs.next_day = day + 1
    for month in sorted(costs.months)[:-MONTHS_KEPT]:
        del costs.months[month]
        costs.month_begins.pop(month, None)


def _fold_bill(costs: Costs, event: events.BillRead, at: Instant) -> None:
    """The newest bill of a month replaces the one before."""
    bills = costs.bills.setdefault(event.reader, {})
    bills[event.month] = event
    costs.read_at[event.reader] = at
    for month in sorted(bills)[:-MONTHS_KEPT]:
        del bills[month]


def alarm_key(reader: str, component: str, month: Month) -> str:
    """What a cost alarm is known by."""
    return f"{reader}:{month}:{component}"


def _fold_alarm(costs: Costs, event: events.CostAlarmChanged) -> None:
    """An alarm stands until a later bill agrees."""
    key = alarm_key(event.reader, event.component, event.month)
    if event.status == AGREES:
        costs.alarms.pop(key, None)
    else:
        costs.alarms[key] = event


def accrued_days(costs: Costs, now: Instant, calendar: Calendar) -> list[events.CostsAccrued]:
    """The events of the days that are over and not recorded, in order, at most `DAYS_AT_ONCE_MAX`; [] where none is."""
    if costs.next_day is None or day_end(calendar, costs.next_day) > now:
        return []
    last = costs.next_day
    while last - costs.next_day + 1 < DAYS_AT_ONCE_MAX and day_end(calendar, last + 1) <= now:
        last += 1
    found: dict[Day, dict[str, int]] = {day: {} for day in range(costs.next_day, last + 1)}
    for component, accrual in costs.accruals.items():
        ahead = copied(accrual)
        advance(ahead, day_end(calendar, last), calendar)
        for day, micros in ahead.days.items():
            if day in found:
                found[day][component] = micros
    return [events.CostsAccrued(date.fromordinal(day), micros) for day, micros in found.items()]


def accrued_in(costs: Costs, month: Month, now: Instant, calendar: Calendar) -> dict[str, int]:
    """Micros by component of one month up to `now`, what is not recorded yet included."""
    sums = dict(costs.months.get(month, {}))
    for component, accrual in costs.accruals.items():
        ahead = copied(accrual)
        advance(ahead, now, calendar)
        for day, micros in ahead.days.items():
            if month_of_day(day) == month:
                sums[component] = sums.get(component, 0) + micros
    return sums
