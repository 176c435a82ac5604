"""What was accrued, billed and reconciled."""

from __future__ import annotations

from datetime import date

from config.calendar import Month
from config.instants import Instant
from machines.events.base import EventStruct


class CostsAccrued(EventStruct, frozen=True):
    """What each component accrued on one day of the plan's time zone, in micros; without those that accrued nothing."""

    day: date
    by_component_micros: dict[str, int] = {}


class BillRead(EventStruct, frozen=True):
    """What a provider bills for a month so far, beside what was accrued over the very same days, both in micros."""

    reader: str
    """`cost_explorer` or `open_cost`."""
    month: Month
    first_day: date
    last_day: date
    """Of the days that both figures cover."""
    estimated: bool
    """The provider itself says that the figures may still change."""
    billed_micros: dict[str, int] = {}
    """By component, in the plan's currency; a component that the bill does not name is unknown, not free."""
    accrued_micros: dict[str, int] = {}
    """By component; of all that accrued anything."""
    unattributed_micros: int = 0
    """Billed for the plan, and for no component that it names."""


class CostAlarmChanged(EventStruct, frozen=True):
    """A bill and the plan's figures came to differ by more than the plan tolerates, or no longer do."""

    reader: str
    component: str
    month: Month
    status: str
    """`deviates`, `outlier` (the figure is not used), or `agrees`: the alarm is over."""
    accrued_micros: int
    billed_micros: int
    reason: str = ""


class BudgetReconcileAsked(EventStruct, frozen=True):
    """An operator ordered that a month's spent budget be set to what the provider bills."""

    component: str
    month: Month
    billed_micros: int
    deadline_at: Instant
    reason: str
    by: str


class BudgetReconciled(EventStruct, frozen=True):
    """How such an order ended. `outcome` is `done`, `refused`, or `unknown` where no answer came by the deadline."""

    component: str
    month: Month
    outcome: str
    billed_micros: int
    before_micros: int | None = None
    """What the month had spent before; None unless it is done."""
    after_micros: int | None = None
    reason: str = ""
    by: str = ""
    """Who ordered it, and in `reason` why, or why not."""
