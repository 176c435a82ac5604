"""The journal: whether a daemon runs on it, and what that daemon is waiting for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from config.calendar import calendar_of, month_text
from config.instants import Instant, instant_text
from config.settings import Settings
from daemon.asking_http import readiness, unwell
from daemon.assembly import holder_of, open_journal_for_reading, run_facts
from daemon.doctor.findings import Finding, problem, unknown, warning, well
from daemon.doctor.outside import channels, sources
from daemon.doctor.plan import another_plan
from daemon.resume import resume
from daemon.telling_commands import SOMEBODY, UNKNOWN_PLACE, Orders
from machines.events import Mode
from machines.ports.clock import Clock
from machines.ports.journal import JournalDamagedError, JournalNotFoldableError, JournalRefusedError
from machines.state.whole import State

_NOT_FOLDABLE: Final = (
    "report it with solvent support-bundle; where an upgrade brought it, install the version of before and keep the "
    "journal (docs/upgrading.md: going back, where no tables changed)"
)


async def journal(settings: Settings, clock: Clock) -> list[Finding]:
    """Whether a daemon runs, whether its journal can be read, and what stands in its way."""
    found = [_daemon(settings), *await asyncio.to_thread(lambda: list(_health(settings.state_dir)))]
    try:
        opened = open_journal_for_reading(settings.state_dir)
    except FileNotFoundError:
        return [*found, unknown("journal", f"there is none in {settings.state_dir} yet", "solvent run makes it")]
    except JournalRefusedError as refused:
        return [*found, problem("journal", str(refused), "mend what it names; docs/journal.md")]
    except JournalDamagedError as unreadable:
        return [*found, problem("journal", str(unreadable), "solvent verify locates it; docs/backup.md: restoring")]
    try:
        resumed = await resume(opened)
    except JournalNotFoldableError as defect:
        return [*found, problem("journal", str(defect), _NOT_FOLDABLE)]
    except (JournalDamagedError, JournalRefusedError) as unreadable:
        return [*found, problem("journal", str(unreadable), "solvent verify locates it; docs/backup.md: restoring")]
    finally:
        await opened.close()
    state, at = resumed.state, resumed.last_recorded_at
    found.append(well("journal", f"event {state.sequence}, recorded {instant_text(at or 0)}"))
    facts = run_facts(settings.state_dir)
    principal = SOMEBODY if settings.commands.principals else ""
    reached = Orders(facts.redis if facts else "", state.instance, principal)
    found += [*waits(state, reached), *_close(state, clock.wall()), *sources(state), *channels(state)]
    return [*found, *another_plan(settings, state, reached)]


def _daemon(settings: Settings) -> Finding:
    directory = settings.state_dir
    holder = holder_of(directory)
    if holder is None:
        return warning("daemon", f"none runs on {directory}", "systemctl start solvent, or solvent run")
    if run_facts(directory) is None:
        return warning("daemon", f"process {holder.pid} holds {directory} and is not ready yet", "wait, or see its log")
    return well("daemon", f"process {holder.pid} runs since {holder.since}")


def _health(state_dir: str) -> Iterator[Finding]:
    """What the daemon says of itself: a journal that takes nothing cannot tell it in the journal."""
    facts = run_facts(state_dir)
    if facts is None or not facts.http:
        return
    for reason in unwell(facts.http):
        yield problem("daemon", reason, "mend what it names; a full disk needs room, then it goes on by itself")
    said = readiness(facts.http)
    for note in () if said is None else said.notes:
        yield problem("daemon", note, "docs/runbooks.md, SolventStreamBlocked: see who wrote there before you move it")


def waits(state: State, orders: Orders = UNKNOWN_PLACE) -> Iterator[Finding]:
    """What an operator must see to before the daemon goes on, with the lines that tell the daemon so."""
    for key, reason in state.freezes.items():
        yield problem("decisions", f"frozen ({key}): {reason}", "docs/operating.md: when it says frozen")
    for actor, reason in state.parked_actors.items():
        yield problem(
            "actors", f"{actor} is parked: {reason}", f"mend it, then {orders.line('resume-actor', actor=actor)}"
        )
    for record in state.components.records.values():
        if record.parked:
            mend = f"mend it, then {orders.line('resume-actor', actor=f'component:{record.id}')}"
            yield problem("components", f"{record.id} is parked: {record.parked}", mend)
        if record.contested:
            yield problem("components", f"{record.id} is contested", "find who else changes it: solvent drift")
    for approval_id, asked in state.operators.approvals.items():
        if not asked.approved_by:
            yield warning("approvals", f"{asked.subject} waits: {asked.reason}", orders.line("approve", id=approval_id))
    if state.operators.pause is not None:
        pause = state.operators.pause
        yield warning("decisions", f"paused ({pause.scope.value}) by {pause.by}: {pause.reason}", orders.line("resume"))
    if state.mode is Mode.OBSERVE_ONLY:
        yield warning("decisions", "this daemon only observes", "start it once with --act, when you trust its plan")
    if not state.freezes and not state.parked_actors:
        yield well("decisions", "nothing is frozen, no actor is parked")


def _close(state: State, now: Instant) -> Iterator[Finding]:
    if state.plan is None:
        return
    book, calendar = state.revenue.book, calendar_of(state.plan.timezone)
    present = calendar.month_of(now)
    if book.closed_through is None:
        yield unknown("close", "no month has closed yet", "send payments, then a watermark: docs/operating.md")
    elif book.closed_through < present - 2:
        text = f"the last close is {month_text(book.closed_through)}, and {month_text(present)} runs"
        yield problem("close", text, "see whether payments arrive: solvent status")
    else:
        yield well("close", f"the last close is {month_text(book.closed_through)}")
