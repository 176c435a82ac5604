"""`solvent explain`: why a level is not decided, or why a component stands where it stands."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import click
import msgspec

from config.plan import Plan
from config.suggestions import did_you_mean
from daemon.assembly import clock_from, run_facts
from daemon.cli.ending import EXIT_BAD_INPUT, EXIT_NOTHING, end_with
from daemon.cli.explain_component import StepTold, component_lines, component_object
from daemon.cli.explain_level import level_lines, level_object
from daemon.cli.left_open import left_open
from daemon.cli.reading_state import finding_settings_option, format_option, journal_of, read_state, state_dir_option
from daemon.cli.status_view import component_ids, orders_to
from daemon.history_reading import Filter, newest_events
from machines.events import Recorded
from machines.ports.journal import Journal
from machines.state.whole import State

STEPS_SHOWN: Final = 10
LEVEL_DIGITS_MAX: Final = 9


@click.command("explain")
@click.argument("subject", metavar="LEVEL_OR_COMPONENT")
@state_dir_option
@finding_settings_option
@format_option
def explain_command(subject: str, state_dir: str, shape: str) -> None:
    """Say why a level is, or is not, decided, or why a component stands where it stands.

    A level is named by its number or its id: what its trigger requires, what the newest decision measured, what is
    missing, by how much and by when. A component: its target, what holds it, and its last steps with their causes.

    \b
    Examples:
      solvent explain 2 --state-dir ./state
      solvent explain rds_single --state-dir ./state --format json

    Exit codes: 0 explained, 1 the journal is damaged or cannot be read, 2 wrong usage, no state directory or an
    unknown name, 3 no plan was adopted yet.
    """  # noqa: D301 - click's mark for text that is not rewrapped
    shown, lines = asyncio.run(_explained(subject, state_dir))
    if shape == "json":
        click.echo(msgspec.json.encode(shown).decode())
    else:
        for line in lines:
            click.echo(line)


async def _explained(subject: str, state_dir: str) -> tuple[dict[str, Any], list[str]]:
    """The object and the sentences."""
    async with journal_of(state_dir) as journal:
        read = await read_state(journal)
        state, plan = read.state, read.state.plan
        if plan is None:
            end_with(EXIT_NOTHING, f"{state_dir} holds no plan yet: the daemon has not run on it")
        index = _level_of(plan, subject)
        if index is not None:
            shown = level_object(plan, state, index)
            return shown, list(level_lines(shown, plan, state))
        component_id = _component_of(plan, state, subject)
        told = await _told(journal, component_id)
        found = await left_open(journal, state.components.of(component_id).intent)
    now = clock_from(None).wall()
    orders = orders_to(run_facts(state_dir), state)
    shown = component_object(
        plan, state, component_id, told=told, now=now, began_at=read.began_at, orders=orders, left_open=found
    )
    return shown, list(component_lines(shown, told, plan.currency))


def _level_of(plan: Plan, subject: str) -> int | None:
    if subject.isdecimal() and subject.isascii():
        index = int(subject) if len(subject) <= LEVEL_DIGITS_MAX else len(plan.levels)
        if index >= len(plan.levels):
            end_with(
                EXIT_BAD_INPUT, f"there is no level {subject[:80]}: the plan's levels are 0 to {len(plan.levels) - 1}"
            )
        return index
    return next((level.index for level in plan.levels if level.id == subject), None)


def _component_of(plan: Plan, state: State, subject: str) -> str:
    known = component_ids(state)
    if subject not in known:
        names = (*known, *(level.id for level in plan.levels))
        levels = ", ".join(f"{level.index} ({level.id})" for level in plan.levels)
        end_with(
            EXIT_BAD_INPUT,
            f"nothing is called {subject[:80]!r}{did_you_mean(subject, names)}; levels: {levels};"
            " `solvent status` lists the components",
        )
    return subject


async def _told(journal: Journal, component_id: str) -> list[StepTold]:
    """The component's newest events with what caused them."""
    newest, _ = await newest_events(journal, Filter(component=component_id), STEPS_SHOWN)
    return [StepTold(each, await _cause(journal, each.cause)) for each in newest]


async def _cause(journal: Journal, sequence: int | None) -> Recorded | None:
    if sequence is None:
        return None
    async for found in journal.read(after=sequence - 1, limit=1):
        return found if found.sequence == sequence else None
    return None
