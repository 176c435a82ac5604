"""What stands and waits for somebody, as the state has it: freezes, breakers, parked parts, orphans, approvals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Final

from config.calendar import month_text
from config.instants import Instant, instant_text
from config.money import amount_text
from config.settings.names import key_prefix
from config.settings.notifications import Severity
from machines.breaker import Breaker
from machines.events import BreakerStatus, CostAlarmChanged
from machines.notifying.condition import Condition, Judgement
from machines.notifying.freeze_endings import ending_of
from machines.state.components import ComponentRecord
from machines.state.operators import PendingApproval
from machines.state.orphans import KnownOrphan
from machines.state.sources import STREAM_PREFIX
from machines.state.whole import State

ITEMS_MAX: Final = 20
"""So many of one family are told by themselves; the others as one: nobody reads a thousand messages."""
_CRITICAL_FREEZES: Final = frozenset({"audit", "clock", "implausible", "month_implausible"})
"""What may mean that the journal, the time or the revenue is not what it seems."""
_WARNING, _CRITICAL = Severity.WARNING, Severity.CRITICAL
Item = tuple[str, Callable[[], Condition]]
"""A key, and the words for it where they are needed."""


def trouble_conditions(state: State, now: Instant, standing: Collection[str]) -> Judgement:
    """Everything of this kind; a breaker that probes is neither over nor new."""
    families = {
        "frozen": _freezes(state),
        "parked_actor": _parked_actors(state),
        "component": _components(state, now),
        "breaker": _breakers(state),
        "bill": _bills(state),
        "orphan": _orphans(state),
        "approval": _approvals(state, now),
    }
    judgements = [limited(family, items, standing) for family, items in families.items()]
    probing = {f"breaker:{name}" for name, each in state.breakers.items() if each.status is BreakerStatus.HALF_OPEN}
    return Judgement(
        tuple(condition for each in judgements for condition in each.conditions),
        frozenset(probing.union(*(each.held for each in judgements))),
    )


def limited(family: str, items: Iterable[Item], standing: Collection[str]) -> Judgement:
    """The first ones by themselves, the rest as one condition: it stands until none is left that only it tells.

    What is told already is not put into words again: of a hundred thousand parked components few are.
    """
    rest_key = f"{family}:more"
    told: list[Condition] = []
    held, singles, rest = set[str](), 0, 0
    for key, told_as in items:
        if key in standing:
            held.add(key)
            singles += 1
        elif rest_key not in standing and singles < ITEMS_MAX:
            told.append(told_as())
            singles += 1
        else:
            rest += 1
    if rest and rest_key in standing:
        held.add(rest_key)
    elif rest:
        text = f"Beside those that are told one by one there are {rest} more.\nType `solvent status` for all of them."
        told.append(Condition(rest_key, _WARNING, f"{rest} more of the kind {family}", text))
    return Judgement(tuple(told), frozenset(held))


def _freezes(state: State) -> Iterator[Item]:
    for key, reason in state.freezes.items():
        yield f"frozen:{key}", partial(_frozen, state, key, reason)


def _frozen(state: State, key: str, reason: str) -> Condition:
    text = (
        f"Nothing is decided until it is over: {reason or key}.\n"
        f"{ending_of(key, partial(_verb, state))}\nType `solvent status` for all that stands."
    )
    severity = _CRITICAL if key in _CRITICAL_FREEZES else _WARNING
    return Condition(f"frozen:{key}", severity, f"Decisions are frozen: {key}", text)


def _parked_actors(state: State) -> Iterator[Item]:
    for actor, reason in state.parked_actors.items():
        yield f"parked_actor:{actor}", partial(_parked_actor, state, actor, reason)


def _parked_actor(state: State, actor: str, reason: str) -> Condition:
    text = (
        f"A part of the daemon failed too often and stands still: {reason}.\n"
        f"Mend the cause, then send {_verb(state, f'resume-actor actor {actor}')}."
    )
    return Condition(f"parked_actor:{actor}", _CRITICAL, f"{actor} of the daemon stands still", text)


def _components(state: State, now: Instant) -> Iterator[Item]:
    for record in state.components.records.values():
        if record.contested:
            yield f"contested:{record.id}", partial(_contested, state, record)
        elif record.parked:
            yield f"parked:{record.id}", partial(_parked, state, record)
        elif record.intent is not None and record.intent.deadline_at <= now:
            yield f"overdue:{record.id}", partial(_overdue, record)
        elif record.unmanaged is not None:
            yield f"unmanaged:{record.id}", partial(_unmanaged, state, record)


def _contested(state: State, record: ComponentRecord) -> Condition:
    text = (
        f"Somebody else keeps undoing what solvent sets: {record.parked}. It is left alone; what it may cost stays"
        f" counted.\nFind who else writes, then send {_verb(state, f'resume-actor actor component:{record.id}')}."
    )
    return Condition(f"contested:{record.id}", _WARNING, f"{record.id} is contested", text)


def _parked(state: State, record: ComponentRecord) -> Condition:
    text = (
        f"It waits for an operator: {record.parked}. What it may cost stays counted.\n"
        f"Type `solvent explain {record.id}`, mend the cause, then send"
        f" {_verb(state, f'resume-actor actor component:{record.id}')}."
    )
    return Condition(f"parked:{record.id}", _WARNING, f"{record.id} is parked", text)


def _overdue(record: ComponentRecord) -> Condition:
    assert record.intent is not None
    said = f"; the newest answer: {record.intent.reason}" if record.intent.reason else ""
    text = (
        f"Its step {record.intent.step.value} began at {instant_text(record.intent.opened_at)} and was to be settled by"
        f" {instant_text(record.intent.deadline_at)}{said}. What it may cost stays counted.\n"
        f"Type `solvent explain {record.id}`, and look at it with its provider."
    )
    return Condition(f"overdue:{record.id}", _WARNING, f"A step of {record.id} is overdue", text)


def _unmanaged(state: State, record: ComponentRecord) -> Condition:
    text = (
        f"A resource stands under its name that solvent did not make; it counts {amount_text(record.committed_micros)}"
        f" a month and is left alone.\nRemove it, or send {_verb(state, f'adopt component {record.id}')}."
    )
    return Condition(f"unmanaged:{record.id}", _WARNING, f"{record.id} stands and is not ours", text)


def _breakers(state: State) -> Iterator[Item]:
    for name, breaker in state.breakers.items():
        if breaker.status is BreakerStatus.OPEN:
            yield f"breaker:{name}", partial(_open_breaker, name, breaker)


def _open_breaker(name: str, breaker: Breaker) -> Condition:
    nothing = "nothing" if name.startswith(STREAM_PREFIX) else "nothing that raises cost"
    text = (
        f"{len(breaker.failures_at)} calls failed in short order; {nothing} is asked of {name} for"
        f" {breaker.cooldown_s} s, then one call probes. It closes by itself once that goes well.\n"
        "Type `solvent history` for what was answered."
    )
    return Condition(f"breaker:{name}", _WARNING, f"The breaker {name} is open", text)


def _bills(state: State) -> Iterator[Item]:
    for key, alarm in state.costs.alarms.items():
        yield f"bill:{key}", partial(_bill, state, key, alarm)


def _bill(state: State, key: str, alarm: CostAlarmChanged) -> Condition:
    currency = f" {state.plan.currency}" if state.plan else ""
    text = (
        f"{alarm.reader} bills {amount_text(alarm.billed_micros)}{currency} for {month_text(alarm.month)};"
        f" accrued are {amount_text(alarm.accrued_micros)}{currency}: {alarm.reason or alarm.status}.\n"
        "Type `solvent costs` for both, and mend the price in the plan where that is wrong."
    )
    return Condition(f"bill:{key}", _WARNING, f"The bill of {alarm.component} is not what was accrued", text)


def _orphans(state: State) -> Iterator[Item]:
    for orphan in state.orphans.values():
        yield f"orphan:{orphan.key}", partial(_orphan, orphan)


def _orphan(orphan: KnownOrphan) -> Condition:
    text = (
        f"{orphan.kind} {orphan.name} carries the plan's tag and belongs to nothing: {orphan.why}. It may cost money"
        " that no figure shows.\n"
        f"Type `solvent orphans --remove {orphan.name}`: it says what it would remove."
    )
    return Condition(f"orphan:{orphan.key}", _WARNING, f"{orphan.kind} {orphan.name} belongs to nothing", text)


def _approvals(state: State, now: Instant) -> Iterator[Item]:
    for approval_id, asked in state.operators.approvals.items():
        if not asked.approved_by and asked.until > now:
            yield f"approval:{approval_id}", partial(_approval, state, approval_id, asked)


def _approval(state: State, approval_id: str, asked: PendingApproval) -> Condition:
    over = ""
    if asked.exceeds_cap:
        over = " It exceeds the cap: another operator than the one who asked must give it, with a reason."
    text = (
        f"{asked.subject} waits until {instant_text(asked.until)}: {asked.reason}.{over}\n"
        f"Send {_verb(state, f'approve id {approval_id}')} or {_verb(state, f'deny id {approval_id}')}."
    )
    return Condition(f"approval:{approval_id}", _WARNING, f"{asked.subject} waits for approval", text)


def _verb(state: State, words: str) -> str:
    """How a command is typed."""
    return f"`redis-cli XADD {key_prefix(state.instance)}commands '*' verb {words}`"
