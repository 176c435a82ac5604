"""`solvent budget`: what concerns the budgets of paid APIs."""

from __future__ import annotations

import asyncio
from typing import Final

import click
import msgspec

from config.calendar import month_from_text, month_text
from config.money import amount_text
from daemon.assembly import clock_from
from daemon.cli.asking import POLL_S, WAIT_S, ask, running
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_FAILURE, end_with
from daemon.cli.event_text import reconciled_text
from daemon.cli.reading_state import format_option, journal_of, state_dir_option
from daemon.cli.redis_reaching import RedisWish, principal_option, redis_option, settings_option
from machines.events import BudgetReconciled, CommandAnswered
from machines.ports.clock import Clock
from machines.ports.journal import Journal

DONE: Final = "done"


@click.group("budget")
def budget_group() -> None:
    """Look after the budgets of paid APIs.

    \b
    Example:
      solvent budget reconcile openai --month 2026-10 --bill 580.00 --reason "invoice 4711" --state-dir ./state
    """  # noqa: D301 - click's mark for text that is not rewrapped


@budget_group.command("reconcile")
@click.argument("component", metavar="COMPONENT")
@click.option("--month", "month_name", required=True, metavar="MONTH", help="Such as 2026-11.")
@click.option("--bill", required=True, metavar="AMOUNT", help="What the provider bills for the whole month.")
@click.option("--reason", required=True, metavar="TEXT", help="Where the bill is from; kept in the journal.")
@state_dir_option
@redis_option()
@settings_option
@principal_option
@click.option(
    "--wait-s", type=click.FloatRange(1), default=WAIT_S, show_default=True, help="Give up after so long unanswered."
)
@format_option
def reconcile_command(  # noqa: PLR0917 - one for each option
    component: str,
    month_name: str,
    bill: str,
    reason: str,
    state_dir: str,
    redis: str | None,
    settings_file: str | None,
    principal: str,
    wait_s: float,
    shape: str,
) -> None:
    """Set what a month of COMPONENT has spent to what its provider bills.

    The running daemon does it, and only with --act. A higher bill brings the application nearer to its budget; a lower
    one lets it spend again.

    \b
    Example:
      solvent budget reconcile openai --month 2026-10 --bill 580.00 --reason "invoice 4711" --state-dir ./state

    Exit codes: 0 done, 1 refused, not answered, or Redis is away, 2 wrong usage or no state directory, 3 no daemon
    runs.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    try:
        month = month_from_text(month_name)
    except ValueError:
        end_with(EXIT_BAD_INPUT, f"--month: expected a month such as 2026-11, found {month_name!r}")
    fields = {"verb": "reconcile-budget", "component": component, "month": month_text(month), "bill": bill}
    wish = RedisWish(redis, settings_file, principal)
    outcome, said = asyncio.run(_reconcile(state_dir, {**fields, "reason": reason}, wish, wait_s))
    if shape == "json":
        click.echo(msgspec.json.encode({"outcome": outcome, "reason": said}).decode())
    else:
        click.echo(f"{outcome}: {said}", err=outcome != DONE)
    if outcome != DONE:
        raise click.exceptions.Exit(EXIT_FAILURE)


async def _reconcile(state_dir: str, fields: dict[str, str], wish: RedisWish, wait_s: float) -> tuple[str, str]:
    """The outcome and a sentence: of the daemon's answer where it refuses, else of what it did."""
    running(state_dir, wish)
    async with journal_of(state_dir) as journal:
        before = journal.last_sequence
        answered = await ask(state_dir, fields, wish, wait_s=wait_s)
        if answered.outcome != DONE:
            return answered.outcome, answered.reason
        ended = await _ended(journal, before, answered, fields["component"], clock_from(None), wait_s)
    if ended is None:
        return "pending", f"{answered.reason}; it was not done within {wait_s:g} s"
    said = reconciled_text(ended)
    bill = "" if ended.outcome == DONE else f" (bill {amount_text(ended.billed_micros)})"
    return ended.outcome, f"{ended.component}: {said}{bill}"


async def _ended(  # noqa: PLR0917 - where to look, for what, and for how long
    journal: Journal, after: int, answered: CommandAnswered, component: str, clock: Clock, wait_s: float
) -> BudgetReconciled | None:
    """The end of the order that this answer accepted: of one component there is one order at a time."""
    began_s, accepted = clock.monotonic_s(), False
    while True:
        async for recorded in journal.read(after=after):
            after, event = recorded.sequence, recorded.event
            accepted = accepted or event == answered
            if accepted and isinstance(event, BudgetReconciled) and event.component == component:
                return event
        if clock.monotonic_s() - began_s > wait_s:
            return None
        await clock.sleep(POLL_S)
