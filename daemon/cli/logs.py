"""`solvent logs`: the log as the journal can tell it again, and the whole story of one decision."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import click
import msgspec

from config.instants import instant_text
from config.money import amount_text
from config.suggestions import did_you_mean
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_NOTHING, end_with
from daemon.cli.reading_state import finding_settings_option, journal_of, state_dir_option
from daemon.history_reading import Filter, newest_events, story
from daemon.telemetry.event_log import LEVELS
from daemon.telemetry.lines import line_of
from daemon.telemetry.names import EVENT_NAMES, FROZEN, THAWED, name_of
from daemon.telemetry.told import Told, decision_of
from machines.events import FreezeChanged, LevelDecided, Recorded
from machines.ports.journal import Journal

SHOWN_LINES: Final = 50
READ_MAX: Final = 10_000
"""So many of the newest events are looked through for lines of a level or a name."""
_ENCODER: Final = msgspec.json.Encoder()


@click.command("logs")
@state_dir_option
@finding_settings_option
@click.option("--decision", type=click.IntRange(1), metavar="ID", help="The whole story of this decision.")
@click.option("--component", metavar="ID", help="Only what concerns this component.")
@click.option("--event", "names", multiple=True, metavar="NAME", help="Only lines of this name; may be repeated.")
@click.option(
    "--level", type=click.Choice(list(LEVELS)), default="info", show_default=True, help="The least loud line."
)
@click.option("--limit", type=click.IntRange(1, READ_MAX), default=SHOWN_LINES, show_default=True, metavar="N")
@click.option("--format", "shape", type=click.Choice(["auto", "console", "json"]), default="auto", show_default=True)
def logs_command(  # noqa: PLR0917 - one for each option
    state_dir: str,
    decision: int | None,
    component: str | None,
    names: tuple[str, ...],
    level: str,
    limit: int,
    shape: str,
) -> None:
    """Tell the log again from the journal, also where the log itself has been rotated away.

    Each line is one event under the name, and with the fields, that it had in the log. `--decision` tells one
    decision's whole story: what led to it, what it found of every level, and every step that followed from it, with
    its answer, to the end. ID is the number in the field `decision` of a log line.

    \b
    Examples:
      solvent logs --state-dir ./state --decision 118
      solvent logs --state-dir ./state --level error
      solvent logs --state-dir ./state --component rds_single --format json

    Exit codes: 0 shown, 1 the journal is damaged or cannot be read, 2 wrong usage or no state directory, 3 nothing
    was found.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    known = {*EVENT_NAMES.values(), FROZEN, THAWED}
    for name in names:
        if name not in known:
            end_with(EXIT_BAD_INPUT, f"--event: no event is called {name[:80]!r}{did_you_mean(name, known)}")
    readable = sys.stdout.isatty() if shape == "auto" else shape == "console"
    shown = asyncio.run(_show(state_dir, decision, _Wish(component, frozenset(names), LEVELS[level], limit), readable))
    if not shown:
        end_with(EXIT_NOTHING, f"{decision} is no decision" if decision else "no line matches")


class _Wish(msgspec.Struct, frozen=True):
    component: str | None
    names: frozenset[str]
    least: int
    limit: int

    def takes(self, recorded: Recorded) -> bool:
        loud = LEVELS[line_of(recorded.event).level] >= self.least
        return loud and (not self.names or name_of(recorded.event) in self.names)


async def _show(state_dir: str, decision: int | None, wish: _Wish, readable: bool) -> int:
    async with journal_of(state_dir) as journal:
        if decision is None:
            found, _more = await newest_events(journal, Filter(component=wish.component), READ_MAX)
            chosen = [each for each in found if wish.takes(each)][-wish.limit :]
        else:
            chosen = await _story(journal, decision)
        for recorded in chosen:
            about = decision if decision is not None and recorded.sequence >= decision else None
            told = Told.of(recorded, about or await decision_of(journal, recorded))
            click.echo(told.readable() if readable else _ENCODER.encode(told.fields).decode())
            if readable and decision == recorded.sequence and isinstance(recorded.event, LevelDecided):
                _explain(recorded.event)
    return len(chosen)


async def _story(journal: Journal, decision: int) -> list[Recorded]:
    """The decision with what led to it and what followed; [] where the number is that of something else."""
    found = [each async for each in story(journal, decision, Filter())]
    start = next((each for each in found if each.sequence == decision), None)
    return found if start is not None and isinstance(start.event, LevelDecided | FreezeChanged) else []


def _explain(decided: LevelDecided) -> None:
    """What the decision found of every level, indented under its line."""
    decision = decided.decision
    for each in decision.explanation:
        click.echo(f"{'':22}level {each.level}: {each.text}")
    cap = "none" if decision.cap_micros is None else amount_text(decision.cap_micros)
    click.echo(f"{'':22}measure {amount_text(decision.measure_micros)}, cap {cap}, at {instant_text(decision.at)}")
