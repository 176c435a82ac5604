"""What `solvent costs` shows, as values: one month of each component, its bill, and where its price comes from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from config.calendar import Month, calendar_of, month_text
from config.instants import Instant
from config.money import amount_text
from config.plan import Component, Plan
from machines.costs.accrual import day_of
from machines.costs.comparing import percent_text
from machines.costs.prices import price_age_days
from machines.events import BillRead, CostAlarmChanged
from machines.lifecycle_states import ComponentState
from machines.state.costs import alarm_key
from machines.state.whole import State


class _Looked(msgspec.Struct, frozen=True):
    """What is looked at: a month of a state, its bills by reader, and on which day."""

    state: State
    month: Month
    bills: Mapping[str, BillRead]
    today: date


def costs_object(plan: Plan, state: State, month: Month, accrued: Mapping[str, int], *, now: Instant) -> dict[str, Any]:
    """The object of `solvent costs --format json`; amounts are exact texts, null is unknown and never zero.

    `accrued` has the micros of the month by component, up to `now` where the month still runs.
    """
    today = date.fromordinal(day_of(calendar_of(plan.timezone), now))
    bills = {reader: of_months[month] for reader, of_months in state.costs.bills.items() if month in of_months}
    named = {component for bill in bills.values() for component in bill.billed_micros}
    known = dict.fromkeys((*plan.components, *state.retired, *accrued, *sorted(named)))
    total_billed = sum(
        bill.unattributed_micros + sum(_used(state, bill, each) or 0 for each in bill.billed_micros)
        for bill in bills.values()
    )
    looked = _Looked(state, month, bills, today)
    ends_at = calendar_of(plan.timezone).end_of(month)
    return {
        "plan": plan.id,
        "currency": plan.currency,
        "month": month_text(month),
        "month_over": now >= ends_at,
        "run_rate_per_month": amount_text(state.components.committed_micros),
        "accrued": amount_text(sum(accrued.values())),
        "billed": amount_text(total_billed) if bills else None,
        "unpriced": [each for each in known if _unpriced(state, each)],
        "bills": {reader: _bill(bill) for reader, bill in bills.items()},
        "components": {each: _component(looked, each, accrued.get(each, 0)) for each in known},
    }


def _bill(bill: BillRead) -> dict[str, Any]:
    return {
        "first_day": bill.first_day.isoformat(),
        "last_day": bill.last_day.isoformat(),
        "estimated": bill.estimated,
        "unattributed": amount_text(bill.unattributed_micros),
    }


def _component(looked: _Looked, component_id: str, accrued: int) -> dict[str, Any]:
    state, bills = looked.state, looked.bills
    component = state.component(component_id)
    record = state.components.records.get(component_id)
    bill = next((each for each in bills.values() if component_id in each.billed_micros), None)
    billed = None if bill is None else bill.billed_micros[component_id]
    compared = None if bill is None else bill.accrued_micros.get(component_id, 0)
    alarm = None if bill is None else _alarm(state, bill, component_id)
    percent = None if billed is None or compared is None else percent_text(compared, billed)
    return {
        "run_rate_per_month": amount_text(record.committed_micros if record else 0),
        "monthly_cost": _amount(component.monthly_cost_micros if component else None),
        "accrued": None if _unpriced(state, component_id) and not accrued else amount_text(accrued),
        "billed": _amount(billed),
        "accrued_same_days": _amount(compared),
        "difference_percent": percent,
        "reader": None if bill is None else bill.reader,
        "budget_spent": _spent(state, component_id, looked.month),
        "alarm": None if alarm is None else alarm.status,
        "alarm_reason": None if alarm is None else alarm.reason,
        **_price(component, looked.today, state.plan),
    }


def _price(component: Component | None, today: date, plan: Plan | None) -> dict[str, Any]:
    age = None if component is None else price_age_days(component, today)
    return {
        "price_source": (component.price_source or None) if component else None,
        "price_as_of": component.price_as_of.isoformat() if component and component.price_as_of else None,
        "price_age_days": age,
        "price_old": None if age is None or plan is None else age > plan.costs.price_age_max_days,
    }


def _unpriced(state: State, component_id: str) -> bool:
    """Whether it stands at a price that nobody knows: it costs something, and no sum has it."""
    component, record = state.component(component_id), state.components.records.get(component_id)
    if component is None or record is None or component.monthly_cost_micros is not None:
        return False
    return record.state not in (ComponentState.COLD, ComponentState.WARM) and not record.committed_micros


def _spent(state: State, component: str, month: Month) -> str | None:
    """What a paid API spent in the month, where an operator set it to the bill."""
    reconciled = state.costs.reconciled.get(component)
    return None if reconciled is None or reconciled.month != month else _amount(reconciled.after_micros)


def _alarm(state: State, bill: BillRead, component: str) -> CostAlarmChanged | None:
    return state.costs.alarms.get(alarm_key(bill.reader, component, bill.month))


def _used(state: State, bill: BillRead, component: str) -> int | None:
    """The billed figure; None where it is refused as an outlier."""
    alarm = _alarm(state, bill, component)
    return None if alarm is not None and alarm.status == "outlier" else bill.billed_micros[component]


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)
