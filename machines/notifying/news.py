"""What merely happened and is worth telling, taken from the events themselves: a kill loses none of it."""

from __future__ import annotations

from typing import Final

import msgspec

from config.calendar import month_text
from config.instants import Instant, instant_text
from config.money import amount_text
from config.plan import Plan
from config.settings.notifications import Severity
from machines import events
from machines.deciding.facts import Direction

_EXPIRED: Final = "expired"


_TOLD: Final[frozenset[type]] = frozenset(
    {
        events.LevelDecided,
        events.PinEnded,
        events.PauseEnded,
        events.ApprovalEnded,
        events.LevelHoldEnded,
        events.AttestationEnded,
        events.ThresholdEnded,
        events.JournalRestored,
        events.JournalMigrated,
        events.JournalMoved,
    }
)
"""Of no other event there is anything to tell."""


class News(msgspec.Struct, frozen=True):
    """One thing that happened, waiting to be told."""

    key: str
    severity: Severity
    title: str
    text: str
    at: Instant


def news_of(recorded: events.Recorded, plan: Plan | None) -> News | None:
    """What there is to tell of an event by itself; None for nearly all of them."""
    if type(recorded.event) not in _TOLD:
        return None
    found = _level_news(recorded.event, plan) or _expiry_news(recorded.event) or _journal_news(recorded.event)
    if found is None:
        return None
    kind, severity, title, text = found
    return News(f"{kind}:{recorded.sequence}", severity, title, text, recorded.recorded_at)


_Found = tuple[str, Severity, str, str]


def _level_news(event: events.Event, plan: Plan | None) -> _Found | None:
    if not isinstance(event, events.LevelDecided) or not event.actuated:
        return None
    decision = event.decision
    if decision.direction is Direction.STAY:
        return None
    currency = f" {plan.currency}" if plan else ""
    name = plan.levels[decision.level].name if plan and decision.level < len(plan.levels) else ""
    named = f" ({name})" if name else ""
    month = instant_text(decision.at) if decision.daily else month_text(decision.month)
    text = (
        f"At the close of {month} level {decision.level_before} became level {decision.level}{named}:"
        f" {decision.cause}.\n"
        f"Revenue that decided: {amount_text(decision.measure_micros)}{currency}; committed cost:"
        f" {amount_text(decision.committed_cost_micros)}{currency} a month.\n"
        "Type `solvent explain` for every rule that was judged."
    )
    down = decision.direction is Direction.DOWN
    severity = Severity.WARNING if down else Severity.INFO
    return "level_decided", severity, f"Level {decision.level} decided, {'down' if down else 'up'}", text


def _expiry_news(event: events.Event) -> _Found | None:
    match event:
        case events.PinEnded() if event.why == _EXPIRED:
            what, said = "pin_expired", f"The pin of {event.component} ran out: it moves with its level again"
        case events.PauseEnded() if event.why == _EXPIRED:
            what, said = "pause_expired", "The pause ran out: moves are made again"
        case events.ApprovalEnded() if event.why == _EXPIRED:
            what, said = "approval_expired", f"The approval {event.approval_id} ran out unused: what asked for it waits"
        case events.LevelHoldEnded() if event.why == _EXPIRED:
            what, said = "level_hold_expired", "The hold of the level ran out: closes decide again"
        case events.AttestationEnded() if event.why == _EXPIRED:
            what, said = "attestation_expired", f"The attestation of {event.item} ran out: it counts as not met"
        case events.ThresholdEnded() if event.why == _EXPIRED:
            what, said = (
                "threshold_expired",
                f"The threshold set for level {event.level} ran out: the plan's holds again",
            )
        case _:
            return None
    return what, Severity.INFO, said.partition(":")[0], f"{said}.\nType `solvent status` for what holds now."


def _journal_news(event: events.Event) -> _Found | None:
    match event:
        case events.JournalRestored():
            text = (
                f"The journal was restored from the backup {event.backup} of {instant_text(event.backed_up_at)};"
                f" {event.dropped_events} later events were left away. The daemon starts paused.\n"
                "Compare `solvent status` and `solvent drift` with what really runs, then send the verb resume."
            )
            return "journal_restored", Severity.WARNING, "The journal was restored from a backup", text
        case events.JournalMigrated():
            copy = f" A copy from before is {event.backup}." if event.backup else ""
            text = f"The tables of the journal went from schema {event.from_schema} to {event.to_schema}.{copy}"
            return "journal_migrated", Severity.INFO, "The journal was migrated", text
        case events.JournalMoved():
            text = f"The journal went whole from {event.source} to {event.target}; its epoch is {event.epoch}."
            return "journal_moved", Severity.INFO, "The journal was moved", text
        case _:
            return None
