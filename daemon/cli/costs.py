"""`solvent costs`: what each component cost in a month, by our own accrual and by the bill."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from config.calendar import Month, calendar_of, month_from_text
from config.instants import Instant
from daemon.assembly import clock_from
from daemon.cli.costs_table import print_costs
from daemon.cli.costs_view import costs_object
from daemon.cli.ending import EXIT_BAD_INPUT, end_with
from daemon.cli.paper import paper
from daemon.cli.reading_state import finding_settings_option, format_option, journal_of, read_state, state_dir_option
from machines.costs.accrual import month_of_day
from machines.events import CostsAccrued
from machines.ports.journal import Journal
from machines.state.costs import accrued_in
from machines.state.whole import State


@click.command("costs")
@click.option("--month", "month_name", metavar="MONTH", help="Such as 2026-11; the running month if left out.")
@state_dir_option
@finding_settings_option
@format_option
def costs_command(month_name: str | None, state_dir: str, shape: str) -> None:
    """Show what every component cost in a month: accrued by solvent, and billed by the provider.

    The journal is read, never written: it works beside a running daemon and without one. The difference is that of
    the bill from what was accrued over the same days, since bills are days late. In JSON, money is an exact decimal
    string and null is unknown, not zero.

    \b
    Examples:
      solvent costs --state-dir ./state
      solvent costs --state-dir ./state --month 2026-10 --format json

    Exit codes: 0 shown, 1 the journal is damaged or cannot be read, 2 wrong usage or no state directory.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    shown = asyncio.run(_read(state_dir, month_name, clock_from(None).wall()))
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
    else:
        print_costs(shown, paper())


async def _read(state_dir: str, month_name: str | None, now: Instant) -> dict[str, Any]:
    async with journal_of(state_dir) as journal:
        state = (await read_state(journal)).state
        plan = state.plan
        if plan is None:
            end_with(
                EXIT_BAD_INPUT, f"{state_dir} has no plan yet: nothing costs anything before `solvent run --plan …`"
            )
        month = calendar_of(plan.timezone).month_of(now) if month_name is None else _month(month_name)
        accrued = await _accrued(journal, state, month, now)
        return costs_object(plan, state, month, accrued, now=now)


async def _accrued(journal: Journal, state: State, month: Month, now: Instant) -> dict[str, int]:
    """The month's sums from the state; from the events where it is too long ago for the state to have it."""
    assert state.plan is not None
    kept = state.costs.months
    if month in kept or not kept or month >= min(kept):
        return accrued_in(state.costs, month, now, calendar_of(state.plan.timezone))
    sums: dict[str, int] = {}
    async for recorded in journal.read():
        event = recorded.event
        if isinstance(event, CostsAccrued) and month_of_day(event.day.toordinal()) == month:
            for component, micros in event.by_component_micros.items():
                sums[component] = sums.get(component, 0) + micros
    return sums


def _month(text: str) -> Month:
    try:
        return month_from_text(text)
    except ValueError:
        end_with(EXIT_BAD_INPUT, f"--month: expected a month such as 2026-11, found {text!r}")
