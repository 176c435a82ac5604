"""State directories written by hand: what a daemon would have recorded, event by event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from adapters.sqlite_journal import JOURNAL_NAME, SqliteJournal
from config.instants import MINUTE, Instant, instant_from_text
from config.plan import Plan
from daemon.resume import encode_state, resume
from machines import events
from machines.events import Event, Mode, StepIntended
from machines.lifecycle_states import ComponentState, Step
from machines.ports.journal import Proposal, Snapshot
from machines.revenue.payments import Interval, Kind
from machines.state.whole import FOLD_VERSION
from tests.contracts.journal import SetClock
from tests.deciding.months import UNIT, autobroker, closed, decided

START: Instant = instant_from_text("2024-06-01T00:00:00Z")


def write(state_dir: Path, *groups: Event | Proposal | Sequence[Event | Proposal], snapshot: bool = False) -> None:
    """Record each group a minute after the one before; an event of its own is a group."""

    async def record() -> None:
        clock = SetClock(START)
        path = state_dir / JOURNAL_NAME
        journal = await SqliteJournal.open(path, clock=clock, fold_version=FOLD_VERSION)
        clock.now = START + journal.last_sequence * MINUTE
        for group in groups:
            proposed = [
                each if isinstance(each, Proposal) else Proposal(each, "test", clock.now)
                for each in (group if isinstance(group, Sequence) else [group])
            ]
            await journal.append(proposed)
            clock.now += MINUTE
        if snapshot:
            state = (await resume(journal)).state
            await journal.write_snapshot(Snapshot(state.sequence, encode_state(state)))
        await journal.close()

    asyncio.run(record())


def started(plan: Plan | None = None, mode: Mode = Mode.ACT) -> list[Event]:
    """The first boot of a daemon."""
    return [events.Started("shop", "0.1.0", mode), events.PlanAdopted(plan or autobroker(), "f" * 64)]


def months(*units: str, plan: Plan | None = None) -> list[Event]:
    """Payments of these amounts in the months from 2024-01 on, their closes, and the last close's decision."""
    plan = plan or autobroker()
    counted = tuple(
        events.CountedPayment(
            f"p{index}",
            Kind.PAYMENT,
            int(each) * UNIT,
            instant_from_text(f"2024-{index:02d}-10T00:00:00Z"),
            Interval.MONTH,
        )
        for index, each in enumerate(units, start=1)
    )
    figures = closed(*units)
    closes = [
        events.MonthClosed(each.month, "watermark", each.revenue_micros, each.trailing_micros, 0, 0) for each in figures
    ]
    through = instant_from_text(f"2024-{len(units) + 1:02d}-01T00:00:00Z")
    return [
        events.PaymentsRecorded("payments", "1-1", START, counted),
        events.WatermarkReached("payments", "2-1", through, START),
        *closes,
        events.RevenueMeasured(through, int(units[-1]) * UNIT, 0, figures[-1].month, 0, "good"),
        *(events.LevelDecided(each, actuated=each.month == figures[-1].month) for each in decided(plan, figures)),
    ]


def intended(component: str, step: Step, before: ComponentState, after: ComponentState, cost: int) -> StepIntended:
    """A first attempt at a step, its deadline an hour after the start; `cost` in units."""
    return StepIntended(component, step, f"{component}-1", 1, before, after, cost * UNIT, START + 60 * MINUTE)


def ended(component: str, step: Step, after: ComponentState, cost: int, **fields: Any) -> events.StepEnded:
    """A step that was done, unless the fields say otherwise."""
    plain: dict[str, Any] = {"outcome": events.StepOutcome.DONE, "from_state": ComponentState.WARM}
    return events.StepEnded(
        component=component,
        step=step,
        token=f"{component}-1",
        to_state=after,
        committed_micros=cost * UNIT,
        **{**plain, **fields},
    )


def raised(component: str, cost: int) -> list[Event]:
    """A component on its way from COLD to HOT."""
    cold, warming, warm = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM
    return [
        intended(component, Step.WARM, cold, warming, 0),
        ended(component, Step.WARM, warm, 0),
        intended(component, Step.ACTIVATE, warm, ComponentState.ACTIVATING, cost),
        ended(component, Step.ACTIVATE, ComponentState.HOT, cost),
    ]


def run(command: click.Command, *arguments: str | Path) -> Result:
    """The command's result, in a wide terminal."""
    return CliRunner(env={"COLUMNS": "200"}).invoke(command, [str(each) for each in arguments])


def shown(command: click.Command, *arguments: str | Path) -> dict[str, Any]:
    """The command's JSON object; it must have gone well and said nothing on standard error."""
    result = run(command, *arguments, "--format", "json")
    assert (0, "", 1) == (result.exit_code, result.stderr, result.stdout.count("\n")), result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def files_of(directory: Path) -> list[str]:
    """The names of what lies in a directory."""
    return sorted(each.name for each in directory.iterdir())
