"""`solvent doctor`: one look at everything that a service needs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from daemon.assembly import clock_from
from daemon.cli.ending import EXIT_FAILURE
from daemon.cli.paper import counted, paper, print_table
from daemon.cli.reading_state import format_option
from daemon.cli.settings_options import settings_of, settings_options
from daemon.doctor.examining import examine
from daemon.doctor.findings import Finding, Verdict

_SIGNS: Final = {
    Verdict.WELL: "well",
    Verdict.UNKNOWN: "unknown",
    Verdict.WARNING: "WARNING",
    Verdict.PROBLEM: "PROBLEM",
}


@click.command("doctor")
@settings_options
@click.option("--all", "everything", is_flag=True, help="Also what is well.")
@format_option
def doctor_command(  # noqa: PLR0917 - one for each option
    settings_file: str | None, state_dir: str | None, plan: str | None, redis: str | None, everything: bool, shape: str
) -> None:
    """Look at versions, Redis, clock, disk, permissions, secrets, plan, providers, backups and the daemon itself.

    Each finding says what was found and what mends it. Nothing is changed. Give it the same settings as the daemon,
    and run it as the daemon's user or as root: what may not be looked at is `unknown`.

    \b
    Examples:
      solvent doctor --settings /etc/solvent/solvent.toml --state-dir /var/lib/solvent
      solvent doctor --plan autobroker --state-dir ./state --all

    Exit codes: 0 nothing is wrong (warnings leave it at 0), 1 there is a problem, 2 the settings cannot be used.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    settings = settings_of(settings_file, state_dir=state_dir, plan=plan, redis=redis)
    found = asyncio.run(examine(settings, settings_file, clock_from(None)))
    shown = [each for each in found if everything or each.verdict is not Verdict.WELL]
    if shape == "json":
        click.echo(msgspec.json.encode(found).decode())
    else:
        _say(shown, found)
    sys.exit(EXIT_FAILURE if any(each.verdict is Verdict.PROBLEM for each in found) else 0)


def _say(shown: Sequence[Finding], found: Sequence[Finding]) -> None:
    if shown:
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("", no_wrap=True)
        table.add_column("about", no_wrap=True)
        table.add_column("what was found, and what mends it")
        for each in shown:
            mend = f"\n→ {each.mend}" if each.mend else ""
            table.add_row(_SIGNS[each.verdict], each.about, escape(each.found + mend))
        print_table(table, paper())
    counts = {verdict: sum(each.verdict is verdict for each in found) for verdict in Verdict}
    click.echo(
        f"{counted(counts[Verdict.PROBLEM], 'problem')}, {counted(counts[Verdict.WARNING], 'warning')}, "
        f"{counts[Verdict.UNKNOWN]} unknown, {counts[Verdict.WELL]} well"
    )
