"""`solvent backtest`: what a plan would have decided on a payments file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from config.calendar import calendar_of
from config.errors import PlanError
from config.instants import Instant
from config.loading import load_plan
from config.plan import Plan
from config.suggestions import did_you_mean
from daemon.assembly import PaymentsFile, UnreadableFileError, read_payments_csv
from daemon.cli.backtest_table import print_report
from daemon.cli.paper import paper
from machines.backtest import BacktestReport, backtest, report_json
from machines.backtest.counting import Row

EXIT_BAD_INPUT: Final = 2
"""Usage, a plan or a file that cannot be used; 1 is a failure of solvent's own, 0 is done."""
PROGRESS_BYTES_MIN: Final = 5_000_000
"""Below this a file is read before a bar could be seen."""
PROGRESS_ROWS_STEP: Final = 10_000
REJECTIONS_SHOWN_ITEMS_MAX: Final = 20
UNTIL_YEAR_MAX: Final = 2199
"""Payments dated later are refused, so no file is complete beyond it."""


@click.command("backtest")
@click.argument("file", metavar="FILE")
@click.option("--plan", "plan_name", required=True, metavar="NAME_OR_PATH", help="A shipped plan, or a plan file.")
@click.option("--until", metavar="DATE", help="The file is complete through the end of this day; later rows are held.")
@click.option(
    "--attest", "attestations", multiple=True, metavar="ITEM[=DATE]", help="A checklist item that is met, from DATE on."
)
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a policy, or currency=USD.")
@click.option("--format", "shape", type=click.Choice(["table", "json"]), default="table", show_default=True)
def backtest_command(  # noqa: PLR0917 - click passes each option by its name
    file: str,
    plan_name: str,
    until: str | None,
    attestations: tuple[str, ...],
    overrides: tuple[str, ...],
    shape: str,
) -> None:
    """Replay a payments file (CSV, plain or .gz; - reads standard input) and show what PLAN would have decided.

    Every complete month is listed with its revenue, the level decided at its close, and what stood in the way of
    the next one. Rejected rows are listed and do not stop the run. Items of the plan's checklist count as not attested,
    save those given with --attest.

    \b
    Examples:
      solvent backtest payments.csv --plan autobroker
      solvent backtest payments.csv --plan autobroker --until 2024-12-31 --format json
      solvent backtest payments.csv --plan ./my-plan.yaml --attest audited=2024-06-01
      solvent backtest payments.csv --plan ./my-plan.yaml --set safety.hard_ratio=off
    """  # noqa: D301 - click's mark for text that is not rewrapped
    try:
        plan = load_plan(plan_name, overrides)
        report = _replayed(plan, read_payments_csv(file), _until(until, plan), attested_from(attestations, plan))
    except (PlanError, UnreadableFileError, click.BadParameter) as error:
        text = error.message if isinstance(error, click.BadParameter) else str(error)
        click.echo(text, err=True)
        raise click.exceptions.Exit(EXIT_BAD_INPUT) from None
    _list_rejections(report)
    if shape == "json":
        click.echo(report_json(report))
    else:
        print_report(report, plan, paper())


def _until(text: str | None, plan: Plan) -> Instant | None:
    """The first instant after the day, in the plan's time zone."""
    return None if text is None else calendar_of(plan.timezone).day_end(_day("--until", text))


def _day(option: str, text: str) -> date:
    written = text if text.isascii() else ""  # strptime reads the digits of every script
    try:
        day: date = datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day of the plan's zone
    except ValueError:
        raise click.BadParameter(f"{option}: expected a date such as 2024-12-31, found {text[:40]!r}") from None
    if not 1970 <= day.year <= UNTIL_YEAR_MAX:
        raise click.BadParameter(f"{option}: expected a year from 1970 to {UNTIL_YEAR_MAX}, found {text!r}")
    return day


def attested_from(attestations: Sequence[str], plan: Plan) -> dict[str, Instant]:
    """From when on each named item counts as attested: from the beginning where no date is given."""
    found: dict[str, Instant] = {}
    for each in attestations:
        item, equals, text = each.partition("=")
        if item not in plan.checklist:
            known = ", ".join(plan.checklist) or "none"
            near = did_you_mean(item, plan.checklist)
            raise click.BadParameter(
                f"--attest: expected an item of the plan's checklist ({known}), found {item!r}{near}"
            )
        day = _day("--attest", text) if equals else None
        found[item] = 0 if day is None else calendar_of(plan.timezone).day_end(day - timedelta(days=1))
    return found


def _replayed(
    plan: Plan, payments: PaymentsFile, until: Instant | None, attested: Mapping[str, Instant]
) -> BacktestReport:
    """The backtest, with a bar on standard error where a person watches a long file."""
    if not sys.stderr.isatty():
        return backtest(plan, payments, until, attested)
    columns = (TextColumn("reading {task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        return backtest(plan, _watched(payments, progress), until, attested)


def _watched(payments: PaymentsFile, progress: Progress) -> Iterator[Row]:
    task = None
    for rows, row in enumerate(payments):
        yield row
        if rows % PROGRESS_ROWS_STEP == 0 and (payments.bytes_total or 0) >= PROGRESS_BYTES_MIN:
            task = progress.add_task(payments.name, total=payments.bytes_total) if task is None else task
            progress.update(task, completed=payments.bytes_read)


def _list_rejections(report: BacktestReport) -> None:
    """The rejected rows on standard error: row, field, what was expected."""
    rejected = report.payments.rejected
    shown = report.rejections[:REJECTIONS_SHOWN_ITEMS_MAX]
    for each in shown:
        click.echo(f"row {each.row_number}: {each.field}: {each.reason}", err=True)
    if rejected > len(shown):
        click.echo(f"and {rejected - len(shown)} more rejected rows", err=True)
