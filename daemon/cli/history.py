"""`solvent history`: the audit log, filtered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from config.calendar import calendar_of
from config.instants import Instant, InstantError, instant_from_text, instant_text
from config.suggestions import did_you_mean
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_NOTHING, end_with
from daemon.cli.event_text import event_text
from daemon.cli.paper import paper, print_table
from daemon.cli.reading_state import finding_settings_option, format_option, journal_of, read_state, state_dir_option
from daemon.cli.status_view import component_ids
from daemon.history_reading import Filter, all_events, newest_events, story
from machines.events import Recorded
from machines.ports.journal import Journal
from machines.upcasters import EVENT_VERSIONS

SHOWN_EVENTS: Final = 50
"""What a table shows unless told otherwise; JSON shows all."""
_ENCODER: Final = msgspec.json.Encoder(decimal_format="string")


@click.command("history")
@state_dir_option
@finding_settings_option
@click.option("--component", metavar="ID", help="Only what concerns this component.")
@click.option("--level", "levels", is_flag=True, help="Only what moves levels: closes, decisions, approvals, plans.")
@click.option("--actor", metavar="NAME", help="Only what this actor wrote, such as planner or component:rds_single.")
@click.option("--type", "types", multiple=True, metavar="EVENT", help="Only events of this kind; may be repeated.")
@click.option("--since", metavar="TIME", help="Recorded at or after this time; a date is its start in UTC.")
@click.option("--until", metavar="TIME", help="Recorded before this time; a date is its end in UTC.")
@click.option("--decision", type=click.IntRange(1), metavar="SEQ", help="What led to event SEQ, and what followed.")
@click.option(
    "--limit", type=click.IntRange(0), metavar="N", help="The newest N; 0 is all. 50 in a table, all in JSON."
)
@format_option
def history_command(  # noqa: PLR0917 - one for each option
    state_dir: str,
    component: str | None,
    levels: bool,
    actor: str | None,
    types: tuple[str, ...],
    since: str | None,
    until: str | None,
    decision: int | None,
    limit: int | None,
    shape: str,
) -> None:
    """Show the audit log of a state directory, the newest event last.

    Each event has its number, when it was recorded, who wrote it, and the number of the event that caused it. With
    --format json it is one object a line, amounts in micros as the journal holds them.

    \b
    Examples:
      solvent history --state-dir ./state --level
      solvent history --state-dir ./state --component rds_single --since 2024-03-01
      solvent history --state-dir ./state --decision 118
      solvent history --state-dir ./state --type StepEnded --format json

    Exit codes: 0 shown, 1 the journal is damaged or cannot be read, 2 wrong usage or no state directory, 3 nothing
    was found.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    wanted = Filter(
        component, levels, actor, _types(types), _instant("--since", since), _instant("--until", until, day_end=True)
    )
    if limit is None:
        limit = 0 if shape == "json" or decision is not None else SHOWN_EVENTS
    shown = asyncio.run(_show(state_dir, wanted, decision, limit, shape))
    if not shown:
        end_with(EXIT_NOTHING, f"event {decision} was not found" if decision else "no event matches")


async def _show(state_dir: str, wanted: Filter, decision: int | None, limit: int, shape: str) -> int:
    """Print the events; how many there were."""
    async with journal_of(state_dir) as journal:
        if wanted.component is not None:
            await _require_component(journal, wanted.component)
        more = False
        if decision is not None:
            found = [each async for each in story(journal, decision, wanted)]
            found, more = (found[-limit:], len(found) > limit) if limit else (found, False)
        elif limit:
            found, more = await newest_events(journal, wanted, limit)
        elif shape == "json":
            return await _print_lines(all_events(journal, wanted))
        else:
            found = [each async for each in all_events(journal, wanted)]
    if shape == "json":
        for each in found:
            click.echo(_line(each))
    elif found:
        print_table(_table(found), paper())
    if more:
        click.echo(f"older events are not shown: --limit 0 shows all, --limit {limit * 2} more", err=True)
    return len(found)


async def _require_component(journal: Journal, component_id: str) -> None:
    state = (await read_state(journal)).state
    known = {*component_ids(state), *state.components.records}
    if component_id not in known:
        end_with(
            EXIT_BAD_INPUT, f"--component: nothing is called {component_id[:80]!r}{did_you_mean(component_id, known)}"
        )


async def _print_lines(found: AsyncIterator[Recorded]) -> int:
    """Print each event when it is read, so that a long journal needs no memory."""
    count = 0
    async for each in found:
        click.echo(_line(each))
        count += 1
    return count


def _line(recorded: Recorded) -> str:
    line: dict[str, Any] = {
        "sequence": recorded.sequence,
        "recorded_at": instant_text(recorded.recorded_at),
        "effective_at": instant_text(recorded.effective_at),
        "actor": recorded.actor,
        "cause": recorded.cause,
        "type": type(recorded.event).__name__,
        "text": event_text(recorded.event),
        "event": recorded.event,
    }
    return _ENCODER.encode(line).decode()


def _table(found: list[Recorded]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("event", justify="right", no_wrap=True)
    table.add_column("recorded", no_wrap=True)
    table.add_column("actor", no_wrap=True)
    table.add_column("what")
    table.add_column("cause", justify="right", no_wrap=True)
    for each in found:
        recorded = instant_text(each.recorded_at - each.recorded_at % 1_000_000)
        cause = "" if each.cause is None else str(each.cause)
        table.add_row(str(each.sequence), recorded, escape(each.actor), escape(event_text(each.event)), cause)
    return table


def _types(names: tuple[str, ...]) -> frozenset[str]:
    for name in names:
        if name not in EVENT_VERSIONS:
            end_with(
                EXIT_BAD_INPUT,
                f"--type: no event is called {name[:80]!r}{did_you_mean(name, EVENT_VERSIONS)};"
                f" expected one of {', '.join(EVENT_VERSIONS)}",
            )
    return frozenset(names)


def _instant(option: str, text: str | None, *, day_end: bool = False) -> Instant | None:
    """The instant of a time with its zone, or the start or the end of a day in UTC."""
    if text is None:
        return None
    try:
        if "T" in text:
            return instant_from_text(text)
        day = date.fromisoformat(text)
        return calendar_of("UTC").day_end(day) if day_end else instant_from_text(f"{day}T00:00:00Z")
    except (InstantError, ValueError, OverflowError):
        end_with(
            EXIT_BAD_INPUT, f"{option}: expected a date or a time such as 2024-03-01T09:00:00Z, found {text[:40]!r}"
        )
