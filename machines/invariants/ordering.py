"""I3: the journal is gapless and in order, and every transition in it is legal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from machines import events
from machines.events import Recorded, StepOutcome
from machines.invariants.finding import Finding
from machines.lifecycle import IllegalMoveError, legal, state_after, state_while
from machines.lifecycle_states import RAISING, SETTLED, ComponentState
from machines.state.components import ComponentRecord
from machines.state.orphans import key_of
from machines.state.whole import State

MOVES: Final[frozenset[type]] = frozenset(
    {
        events.StepIntended,
        events.StepEnded,
        events.IntentAbandoned,
        events.ComponentDrifted,
        events.RepairDropped,
        events.ResourceAdopted,
        events.OrphanRemoved,
    }
)
"""The events that `illegal_moves` judges; steps that are intended are among them, which the cap and breakers bound."""


def disorder(previous: Recorded | None, recorded: Recorded, *, after: int) -> list[Finding]:
    """Gaps, a recording time that falls, and causes that come later. `after` is the sequence number before."""
    sequence = recorded.sequence
    found: list[Finding] = []
    if sequence != after + 1:
        found.append(Finding("I3", f"expected event {after + 1} next, found {sequence}", sequence))
    if previous is not None and recorded.recorded_at < previous.recorded_at:
        found.append(Finding("I3", "it was recorded before the event in front of it", sequence))
    if recorded.cause is not None and not 0 < recorded.cause < sequence:
        found.append(Finding("I3", f"its cause {recorded.cause} is no earlier event", sequence))
    return found


def illegal_moves(state: State, recorded: Recorded) -> list[Finding]:
    """Moves that the lifecycle's table or the component's record does not allow; `state` is the one before."""
    return [Finding("I3", text, recorded.sequence) for text in _illegal(state, recorded.event)]


def _illegal(state: State, event: events.Event) -> Iterator[str]:
    match event:
        case events.StepIntended():
            record = _record(state, event.component)
            yield from _wrong_start(record, event.from_state)
            yield from _illegal_intent(record, event)
        case events.StepEnded():
            record = _record(state, event.component)
            yield from _wrong_start(record, event.from_state)
            yield from _illegal_end(record, event)
        case events.IntentAbandoned() | events.ComponentDrifted() | events.RepairDropped() | events.ResourceAdopted():
            yield from _wrong_start(_record(state, event.component), event.from_state)
            if event.to_state not in SETTLED or not legal(event.from_state, event.to_state):
                yield f"{event.component} cannot be found {event.to_state.value} after {event.from_state.value}"
        case events.OrphanRemoved():
            orphan = state.orphans.get(key_of(event.kind, event.name, event.token))
            if orphan is None or orphan.removal is None:
                yield f"the removal of {event.name} is {event.outcome.value}, but nobody ordered it"
        case _:
            return


def _record(state: State, component_id: str) -> ComponentRecord:
    return state.components.records.get(component_id) or ComponentRecord(component_id)


def _wrong_start(record: ComponentRecord, from_state: ComponentState) -> Iterator[str]:
    if record.state is not from_state:
        yield f"{record.id} was {record.state.value}, but the event leads away from {from_state.value}"


def _illegal_intent(record: ComponentRecord, event: events.StepIntended) -> Iterator[str]:
    open_intent = record.intent
    name, step = record.id, event.step
    if open_intent is not None and open_intent.step is step:
        if event.to_state is not event.from_state or event.token != open_intent.token:
            yield f"another attempt to {step.value} {name} must keep state and token"
        if event.attempt != open_intent.attempt + 1:
            yield f"attempt {event.attempt} to {step.value} {name} follows attempt {open_intent.attempt}"
        return
    if open_intent is not None and step in RAISING:
        yield f"{name} has an open intent to {open_intent.step.value} and may not begin to {step.value}"
    if not _leads(event.from_state, event):
        yield f"{name} cannot {step.value} while {event.from_state.value} and be {event.to_state.value} meanwhile"


def _leads(from_state: ComponentState, event: events.StepIntended) -> bool:
    try:
        return state_while(event.step, from_state) is event.to_state
    except IllegalMoveError:
        return False


def _illegal_end(record: ComponentRecord, event: events.StepEnded) -> Iterator[str]:
    intent = record.intent
    if intent is None or intent.step is not event.step or intent.token != event.token:
        yield f"{record.id} had no open intent to {event.step.value} under {event.token}"
        return
    expected = event.from_state
    if event.outcome is StepOutcome.DONE:
        try:
            expected = state_after(event.step, event.from_state)
        except IllegalMoveError as illegal:
            yield str(illegal)
            return
    if event.to_state is not expected:
        yield f"{record.id} should be {expected.value} after {event.outcome.value}, not {event.to_state.value}"
