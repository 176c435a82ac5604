"""`solvent status`: where the daemon, the level and every component stand."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from config.instants import Instant
from daemon.asking_http import unwell
from daemon.assembly import holder_of, run_facts
from daemon.assembly.leading import lease_desk_beside
from daemon.cli.daemons_view import daemons_lines, daemons_object
from daemon.cli.paper import paper
from daemon.cli.reading_state import (
    finding_settings_option,
    format_option,
    journal_of,
    read_state,
    state_dir_option,
)
from daemon.cli.status_table import print_status
from daemon.cli.status_view import orders_to, status_object
from machines.ports.lease import LeaseAwayError
from machines.state.whole import State


@click.command("status")
@state_dir_option
@finding_settings_option
@format_option
def status_command(state_dir: str, shape: str) -> None:
    """Show the level, its revenue and cost, every component, and what waits for whom.

    The journal is read, never written: it works beside a running daemon and after a dead one (then `pid` is null).
    Where the journal is in PostgreSQL, it says who leads and who stands by, and how far behind. In JSON, money is an
    exact decimal string and null is unknown, not zero.

    \b
    Examples:
      solvent status --state-dir ./state
      solvent status --state-dir ./state --format json

    Exit codes: 0 shown, 1 the journal is damaged or cannot be read, 2 wrong usage or no state directory.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    read = asyncio.run(_read(state_dir))
    facts = run_facts(state_dir)
    holder = holder_of(state_dir)
    pid = facts.pid if facts is not None else holder.pid if holder is not None else None
    shown = status_object(read.state, pid=pid, facts=facts, began_at=read.began_at)
    reasons = unwell(facts.http) if facts is not None and facts.http else ()
    if reasons:
        shown["unwell"] = reasons
    if read.daemons is not None:
        shown["daemons"] = read.daemons
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
    else:
        print_status(shown, read.state, paper(), orders_to(facts, read.state))
        for line in daemons_lines(read.daemons) if read.daemons is not None and "error" not in read.daemons else ():
            click.echo(line)
        if read.daemons is not None and "error" in read.daemons:
            click.echo(f"who leads is not known: {read.daemons['error']}")
        for reason in reasons:
            click.echo(f"UNWELL: {reason}")


class _Read(msgspec.Struct, frozen=True):
    state: State
    began_at: Instant | None
    daemons: dict[str, Any] | None
    """Who leads and who stands by; None where the journal is the daemon's own."""


async def _read(state_dir: str) -> _Read:
    async with journal_of(state_dir) as journal:
        read = await read_state(journal)
    return _Read(read.state, read.began_at, await _daemons(state_dir, read.state.sequence))


async def _daemons(state_dir: str, last_sequence: int) -> dict[str, Any] | None:
    desk = lease_desk_beside(state_dir)
    if desk is None:
        return None
    try:
        return daemons_object(await desk.look(), last_sequence)
    except LeaseAwayError as away:
        return {"error": str(away)}
    finally:
        await desk.close()
