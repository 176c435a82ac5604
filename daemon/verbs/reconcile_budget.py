"""`reconcile-budget component X month 2026-11 bill 580.00`: set what a month has spent to what the provider bills."""

from __future__ import annotations

from typing import Final

from config.calendar import Month, calendar_of, month_from_text, month_text
from config.instants import SECOND
from config.money import MoneyError, amount_text, micros_from_text
from config.provisioner_options.budget import BUDGET_MICROS_MAX
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import BudgetReconcileAsked, Mode

KIND: Final = "budget"


def _judge(command: Command, bench: Bench) -> Judged:
    component, _ = bench.actuated(command)
    if component.provisioner != KIND:
        raise CommandError(f"component: {component.id} is of the kind {component.provisioner}; expected a budget")
    month, billed = _month(command, bench), _bill(command)
    command.required("reason", "where the bill is from; a lower one lets the application spend again")
    if bench.state.mode is not Mode.ACT:
        raise CommandError("mode: this daemon only observes and changes nothing; start it with --act to reconcile")
    if component.id in bench.state.costs.reconciling:
        raise CommandError(f"component: {component.id} is being reconciled already; see solvent history")
    asked = BudgetReconcileAsked(
        component=component.id,
        month=month,
        billed_micros=billed,
        deadline_at=bench.now + bench.step_deadline_s * SECOND,
        reason=command.reason,
        by=command.principal,
    )
    said = f"setting {month_text(month)} of {component.id} to {amount_text(billed)}"
    return done(f"{said}; its end is in solvent history, as BudgetReconciled", asked)


def _month(command: Command, bench: Bench) -> Month:
    text = command.required("month", "a month such as 2026-11")
    try:
        month = month_from_text(text)
    except ValueError:
        raise CommandError(f"month: expected a month such as 2026-11, found {text[:40]!r}") from None
    if month > calendar_of(bench.plan.timezone).month_of(bench.now):
        raise CommandError(f"month: {month_text(month)} has not begun; nothing was spent in it")
    first = bench.state.costs.first_month
    if first is not None and month < first:
        raise CommandError(
            f"month: {month_text(month)} is before {month_text(first)}, when the first plan was adopted: nothing was"
            " counted in it"
        )
    return month


def _bill(command: Command) -> int:
    text = command.required("bill", "what the provider bills for the month, such as 580.00")
    try:
        micros = micros_from_text(text)
    except MoneyError as error:
        raise CommandError(f"bill: {error}") from None
    if not 0 <= micros <= BUDGET_MICROS_MAX:
        raise CommandError(f"bill: expected an amount from 0 to {amount_text(BUDGET_MICROS_MAX)}, found {text[:40]}")
    return micros


VERB = Verb(
    "reconcile-budget",
    frozenset({"component", "month", "bill"}),
    "set what a month of a paid API has spent to what its provider bills",
    _judge,
)
