"""The costs: what every component accrued on each day that is over, the bills held against it, and budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from functools import partial

import msgspec
import structlog

from config.calendar import Calendar, calendar_of, month_text
from config.instants import SECOND, Instant
from daemon.actuator import Actuator, Answer
from daemon.kernel import Root, beating, pause, pause_beating
from daemon.recorder import OvertakenError, Recorder
from machines.costs.accrual import Day, day_of, month_of_day
from machines.costs.billing import BillError, alarms_after, alarms_over, bills_of, days_to_read
from machines.costs.prices import old_prices
from machines.events import BudgetReconcileAsked, BudgetReconciled, CostsAccrued, StepOutcome
from machines.ports.budgets import Reconciled
from machines.ports.costs import CostReader
from machines.ports.faults import CallError
from machines.ports.journal import JournalRefusedError
from machines.state.costs import accrued_days

COSTS = "costs"
_SLICE_EVENTS = 500
"""Events of the journal read between two breaths."""


class CostTimes(msgspec.Struct, frozen=True):
    """How often this looks at the calendar, reads a bill, and tries again after a read that failed."""

    beat_s: float
    read_every_s: float
    retry_every_s: float


class CostsRoot:
    """Records what was accrued. Days that ended while no daemon ran are recorded at the next start."""

    def __init__(
        self,
        *,
        recorder: Recorder,
        actuator: Actuator,
        times: CostTimes,
        readers: Callable[[], Sequence[CostReader]] | None = None,
    ) -> None:
        """`readers` are constructed when the root begins, and closed when it ends."""
        self._recorder = recorder
        self._actuator = actuator
        self._times = times
        self._construct = readers
        self._tried_at: dict[str, Instant] = {}
        self._failed: set[str] = set()
        self._told_old: set[str] = set()
        self._unanswered: dict[str, str] = {}
        self._log = structlog.get_logger(COSTS)

    async def run(self, root: Root) -> None:
        """Look at the calendar and at what is due, beat by beat."""
        readers = tuple(self._construct()) if self._construct is not None else ()
        try:
            while True:
                root.beat()
                self._tell_old_prices()
                try:
                    await self.accrue()
                    await self._reconcile(root)
                    await self._read_bills(root, readers)
                except JournalRefusedError as refused:
                    self._log.warning("costs_not_recorded", reason=str(refused))
                await pause_beating(root, self._times.beat_s)
        finally:
            for reader in readers:
                await reader.close()

    async def accrue(self) -> None:
        """Record every day that is over. Raises `JournalRefusedError`."""
        while days := self._due():
            with suppress(OvertakenError):  # a cost changed meanwhile: reckon again
                await self._recorder.record(COSTS, days, still=partial(self._is_still_due, days))

    def _is_still_due(self, days: list[CostsAccrued]) -> bool:
        return self._due()[: len(days)] == days

    def _due(self) -> list[CostsAccrued]:
        return accrued_days(self._recorder.state.costs, self._recorder.clock.wall(), self._calendar)

    def _tell_old_prices(self) -> None:
        """Each price once, and again once it was renewed and grew old anew."""
        plan = self._recorder.state.plan
        if plan is None:
            return
        old = {each.component: each.age_days for each in old_prices(plan, self._today)}
        for component, age_days in old.items():
            if component not in self._told_old:
                self._log.warning("price_old", component=component, age_days=age_days)
        self._told_old = set(old)

    @property
    def _today(self) -> date:
        return date.fromordinal(day_of(self._calendar, self._recorder.clock.wall()))

    @property
    def _calendar(self) -> Calendar:
        plan = self._recorder.state.plan
        return calendar_of(plan.timezone if plan else "UTC")

    # --- the budgets ---

    async def _reconcile(self, root: Root) -> None:
        """Carry out what operators ordered, until its deadline: a bill that is older would erase what was spent since.

        What was not answered is asked again under the same name, and so done once.
        """
        for asked in tuple(self._recorder.state.costs.reconciling.values()):
            order = order_name(asked)
            component = self._recorder.state.component(asked.component)
            if component is None:
                answer: Reconciled | Answer = Answer(StepOutcome.PERMANENT, "the plan no longer has it")
            elif self._recorder.clock.wall() >= asked.deadline_at:
                answer = Answer(StepOutcome.AMBIGUOUS, self._unanswered.get(order, "no answer came by its deadline"))
            else:
                with beating(root):
                    answer = await self._actuator.reconcile(
                        component, month_text(asked.month), asked.billed_micros, asked.reason, order
                    )
            ended = reconcile_ended(asked, answer, self._recorder.clock.wall())
            if ended is not None:
                await self._recorder.record(COSTS, (ended,))
                self._unanswered.pop(order, None)
            elif isinstance(answer, Answer):
                self._unanswered[order] = answer.reason

    # --- the bills ---

    async def _read_bills(self, root: Root, readers: Sequence[CostReader]) -> None:
        state, now = self._recorder.state, self._recorder.clock.wall()
        today = self._today
        month = month_of_day(today.toordinal())
        over = tuple(alarms_over(state.costs, month, [reader.name for reader in readers]))
        if over:
            await self._recorder.record(COSTS, over)
        for reader in readers:
            if self._is_due(reader.name, now):
                self._tried_at[reader.name] = now
                with beating(root):
                    await self._read_bill(reader, today)

    def _is_due(self, reader: str, now: Instant) -> bool:
        costs = self._recorder.state.costs
        if not costs.months:
            return False  # nothing to hold a bill against
        pause_s = self._times.retry_every_s if reader in self._failed else self._times.read_every_s
        tried_at = self._tried_at.get(reader, costs.read_at.get(reader))
        return tried_at is None or tried_at + pause_s * SECOND <= now

    async def _read_bill(self, reader: CostReader, today: date) -> None:
        plan = self._recorder.state.plan
        assert plan is not None
        first, last = days_to_read(today)
        try:
            days = await reader.read(plan.id, first, last)
            bills = bills_of(plan, reader.name, days, await self._accrued(first, last))
        except (CallError, BillError) as failed:
            self._failed.add(reader.name)
            self._log.warning("bill_not_read", reader=reader.name, reason=str(failed))
            return
        self._failed.discard(reader.name)
        for bill in bills:
            if bill.accrued_micros and not bill.billed_micros:
                self._log.warning("bill_names_nothing", reader=reader.name, unattributed=bill.unattributed_micros)
            alarms = tuple(alarms_after(self._recorder.state.costs, bill, plan.costs))
            await self._recorder.record(COSTS, (bill, *alarms))

    async def _accrued(self, first: date, last: date) -> dict[Day, dict[str, int]]:
        """What the journal has of these days, micros by component."""
        begins = self._recorder.state.costs.month_begins
        known = [begins[month] for month in begins if month >= month_of_day(first.toordinal())]
        after, found = min(known, default=self._recorder.state.sequence + 1) - 1, dict[Day, dict[str, int]]()
        while after < self._recorder.state.sequence:
            before = after
            async for recorded in self._recorder.journal.read(after=before, limit=_SLICE_EVENTS):
                after = recorded.sequence
                event = recorded.event
                if isinstance(event, CostsAccrued) and first <= event.day <= last:
                    found[event.day.toordinal()] = event.by_component_micros
            if after == before:
                break
            await pause(0)
        return found


def order_name(asked: BudgetReconcileAsked) -> str:
    """What the order is known by in the budget, the same after a restart and in no other journal.

    A component has one order at a time, so that no two of them end at the same microsecond.
    """
    return f"{asked.deadline_at}:{asked.billed_micros}"


def reconcile_ended(asked: BudgetReconcileAsked, answer: Reconciled | Answer, now: Instant) -> BudgetReconciled | None:
    """The event that ends the order; None while it is to be tried again."""
    ended = BudgetReconciled(
        asked.component, asked.month, "done", asked.billed_micros, reason=asked.reason, by=asked.by
    )
    if isinstance(answer, Reconciled):
        return msgspec.structs.replace(ended, before_micros=answer.before_micros, after_micros=answer.after_micros)
    if answer.outcome is StepOutcome.PERMANENT:
        return msgspec.structs.replace(ended, outcome="refused", reason=answer.reason)
    if now >= asked.deadline_at:
        return msgspec.structs.replace(ended, outcome="unknown", reason=f"{answer.reason}; order it again")
    return None
