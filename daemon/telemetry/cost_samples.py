"""The samples of what running costs: accrued, billed, and how far apart the two are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import islice
from typing import Final

from config.calendar import Month, calendar_of
from config.instants import SECOND, Instant
from config.money import decimal_from_micros
from config.plan import Plan
from daemon.telemetry.samples import Sample
from machines.costs.accrual import day_of
from machines.costs.comparing import Verdict
from machines.costs.prices import old_prices
from machines.costs.projecting import projected
from machines.state.costs import Costs, accrued_in
from machines.state.whole import State

COMPONENTS_LABELLED_MAX: Final = 1_000
"""As for the states of components: more series cost a scrape more than they tell; the sum is always whole."""


def cost_samples(state: State, plan: Plan, now: Instant) -> Iterator[Sample]:
    """The running month of each component, the newest bill of it, alarms and old prices."""
    costs, calendar, currency = state.costs, calendar_of(plan.timezone), plan.currency
    month = calendar.month_of(now)
    accrued = accrued_in(costs, month, now, calendar)
    yield Sample("solvent_month_accrued_cost_currency", decimal_from_micros(sum(accrued.values())), (currency,))
    for component, micros in islice(sorted(accrued.items()), COMPONENTS_LABELLED_MAX):
        yield Sample("solvent_component_accrued_cost_currency", decimal_from_micros(micros), (component, currency))
    yield from _bills(costs, month, currency)
    yield from _projected(costs, month, currency)
    standing = Counter(alarm.status for alarm in costs.alarms.values())
    for status in (Verdict.DEVIATES.value, Verdict.OUTLIER.value):
        yield Sample("solvent_cost_alarms_items", standing[status], (status,))
    today = date.fromordinal(day_of(calendar, now))
    yield Sample("solvent_prices_old_items", sum(1 for _ in old_prices(plan, today)))


def _bills(costs: Costs, month: Month, currency: str) -> Iterator[Sample]:
    for reader, at in sorted(costs.read_at.items()):
        yield Sample("solvent_bill_read_timestamp_seconds", Fraction(at, SECOND), (reader,))
        bill = costs.bills.get(reader, {}).get(month)
        if bill is None:
            continue
        for component, micros in islice(sorted(bill.billed_micros.items()), COMPONENTS_LABELLED_MAX):
            labels = (component, reader)
            yield Sample("solvent_component_billed_cost_currency", decimal_from_micros(micros), (*labels, currency))
            if accrued := bill.accrued_micros.get(component, 0):
                yield Sample("solvent_bill_deviation_ratio", Fraction(micros - accrued, accrued), labels)


def _projected(costs: Costs, month: Month, currency: str) -> Iterator[Sample]:
    found = projected(costs, month)
    if found is not None:
        billed, unexplained = decimal_from_micros(found.billed_micros), decimal_from_micros(found.unexplained_micros)
        yield Sample("solvent_billed_cost_currency_per_month", billed, (currency,))
        yield Sample("solvent_unexplained_cost_currency_per_month", unexplained, (currency,))
