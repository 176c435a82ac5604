"""`solvent demo`: two years of a small business through the real daemon, in a minute."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Final

import click

from config.errors import PlanError
from config.instants import instant_from_text
from config.loading import load_plan
from config.plan import Plan
from daemon.assembly import CannotStart, UnreadableFileError, log_into, read_payments_csv, write_payments_csv
from daemon.demo.history import demo_history_end, demo_payments
from daemon.demo.ledger import Ledger, LedgerError, ledger_of
from daemon.demo.performance import Performance, Wish, last_day, log_path
from daemon.demo.quiescence import NotTakenError
from daemon.demo.rehearsal import rehearsed
from daemon.demo.screen import Screen, says_ci
from daemon.kernel import RootFailed, StopReport
from daemon.recorder import NotFoldedError
from daemon.roots.gate import OwnedByAnotherError
from machines.ports.streams import StreamsAwayError

EXIT_FAILED: Final = 1
EXIT_BAD_INPUT: Final = 2
STARTS: Final = "2024-01-15T00:00:00Z"
"""In the first month of the made-up history, in every time zone; the same on every machine."""
SEED_DEFAULT: Final = 7
PAYMENTS_NAME: Final = "payments.csv"
REJECTIONS_SHOWN_ITEMS_MAX: Final = 20


@click.command("demo")
@click.option("--file", "file", metavar="FILE", help="Your own payments (CSV, plain or .gz; - reads standard input).")
@click.option("--plan", "plan_name", default="autobroker", show_default=True, metavar="NAME_OR_PATH")
@click.option("--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Change a policy, or currency=USD.")
@click.option("--seed", type=click.IntRange(0), default=SEED_DEFAULT, show_default=True, help="Of the made-up history.")
@click.option("--state-dir", type=click.Path(file_okay=False), help="Kept at the end; else a temporary one, removed.")
@click.option(
    "--speed", type=click.Choice(["normal", "fast"]), default="normal", show_default=True, help="normal is a minute."
)
@click.option("--serve/--no-serve", default=None, help="Serve until Ctrl-C afterwards; the default unless CI is set.")
def demo_command(  # noqa: PLR0917 - one for each option
    file: str | None,
    plan_name: str,
    overrides: tuple[str, ...],
    seed: int,
    state_dir: str | None,
    speed: str,
    serve: bool | None,
) -> None:
    r"""Live through two years of a small business in about a minute.

    Its payments go through Redis into the real daemon, which raises and lowers simulated components under an
    accelerated clock. Nothing outside of the state directory is touched. Afterwards the daemon serves until Ctrl-C.

    \b
    Examples:
      solvent demo
      solvent demo --file payments.csv --plan autobroker
      solvent demo --file payments.csv --set currency=USD --speed fast --no-serve

    Exit codes: 0 played (or stopped by Ctrl-C), 1 the daemon failed, 2 a file, plan or directory that cannot be used.
    """
    try:
        plan, notes = rehearsed(load_plan(plan_name, overrides), instant=speed == "fast")
        ledger = _own(plan, seed) if file is None else ledger_of(plan, read_payments_csv(file), file)
        directory, temporary = _directory(state_dir)
    except (PlanError, UnreadableFileError, LedgerError, _DirectoryError) as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_BAD_INPUT)
    _list_rejections(ledger)
    payments = str(Path(directory) / PAYMENTS_NAME) if file is None else file
    wish = Wish(
        plan_name=plan_name,
        overrides=overrides,
        payments_path=payments,
        state_dir=directory,
        quick=speed == "fast",
        serves=not says_ci(os.environ) if serve is None else serve,
        until_day=last_day(ledger, plan) if file is None else "",
    )
    screen = Screen()
    try:
        _say_beginning(screen, ledger, plan, notes, directory)
        if file is None:
            write_payments_csv((payment for _, payment in ledger.payments), payments)
        code = _performed(wish, plan, ledger, screen)
    finally:
        if temporary:
            shutil.rmtree(directory, ignore_errors=True)
    if temporary:
        screen.say(f"Removed {directory}; --state-dir DIR keeps it.", "note")
    else:
        screen.say(f"Kept in {directory}.", "note")
    sys.stdout.flush()
    sys.exit(code)


class _DirectoryError(Exception):
    """A state directory that the demonstration must not use."""


def _own(plan: Plan, seed: int) -> Ledger:
    """The made-up history, in the plan's currency and time zone."""
    starts_at = instant_from_text(STARTS)
    chance = Random(seed)  # noqa: S311 - a story, no secret
    payments = demo_payments(chance, starts_at, currency=plan.currency, zone_name=plan.timezone)
    until = demo_history_end(starts_at, zone_name=plan.timezone)
    return ledger_of(plan, enumerate(payments, 2), f"a made-up business (seed {seed})", until)


def _directory(wished: str | None) -> tuple[str, bool]:
    """The absolute state directory, and whether it is removed at the end."""
    if wished is None:
        return tempfile.mkdtemp(prefix="solvent-demo-"), True
    path = Path(wished).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        full = any(path.iterdir())
    except OSError as error:
        raise _DirectoryError(f"--state-dir {wished}: expected a directory to write to: {error.strerror}") from None
    if full:
        raise _DirectoryError(
            f"--state-dir {wished}: expected an empty or a new directory, because the demo begins in the past and must"
            " not mix with what is there."
        )
    return str(path), False


def _performed(wish: Wish, plan: Plan, ledger: Ledger, screen: Screen) -> int:
    """The exit code of the performance; what went wrong is said."""
    with log_path(wish.state_dir).open("ab") as log:
        log_into(log)
        try:
            report = asyncio.run(_perform(wish, plan, ledger, screen))
        except (PlanError, OwnedByAnotherError, *CannotStart) as refused:
            click.echo(str(refused), err=True)
            return EXIT_BAD_INPUT
        except (RootFailed, NotFoldedError, NotTakenError, StreamsAwayError) as failed:
            click.echo(f"the demo ends early: {failed}", err=True)
            click.echo(f"its log: {_log_tail(wish.state_dir)}", err=True)
            return EXIT_FAILED
    if report.abandoned:
        click.echo(f"left behind at the stop: {', '.join(report.abandoned)}", err=True)
        return EXIT_FAILED
    return 0


async def _perform(wish: Wish, plan: Plan, ledger: Ledger, screen: Screen) -> StopReport:
    return await Performance(wish, plan, ledger, screen).run()


def _log_tail(state_dir: str) -> str:
    """The last log line: a temporary directory does not outlive the message."""
    lines = log_path(state_dir).read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "empty"


def _say_beginning(screen: Screen, ledger: Ledger, plan: Plan, notes: tuple[str, ...], directory: str) -> None:
    levels = len(plan.levels)
    screen.say(f"solvent plays {len(ledger.months)} months of {ledger.name} against the plan {plan.name}.", "title")
    screen.say(
        f"{len(ledger.payments):,} payments in {plan.currency}, {levels} levels, {len(plan.components)} components, all"
        " simulated. A real daemon, a real Redis stream, a real journal."
    )
    for note in notes:
        screen.say(note, "warning")
    screen.say(
        "MRR is what came in during the 30 days before a close. Customers billed on the 1st fall out of it in a month"
        " of 31 days, which is why whole months decide unless a plan says otherwise."
    )
    screen.say(f"State directory: {directory}")
    screen.say()


def _list_rejections(ledger: Ledger) -> None:
    """The rows that cannot be counted, on standard error."""
    for each in ledger.rejections[:REJECTIONS_SHOWN_ITEMS_MAX]:
        click.echo(f"row {each.row_number}: {each.field}: {each.reason}", err=True)
    if len(ledger.rejections) > REJECTIONS_SHOWN_ITEMS_MAX:
        click.echo(f"and {len(ledger.rejections) - REJECTIONS_SHOWN_ITEMS_MAX} more rejected rows", err=True)
