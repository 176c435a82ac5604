"""The whole state, and the one function that folds an event into it."""

from __future__ import annotations

from typing import Final

import msgspec

from config.calendar import calendar_of
from config.plan import Component, Plan
from config.policies import Approval
from config.triggers import with_minimum
from machines import events
from machines.breaker import Breaker
from machines.lifecycle_states import ComponentState
from machines.permits import cost_in
from machines.state.components import (
    ComponentRecord,
    Components,
    fold_adopted,
    fold_drifted,
    fold_gone,
    fold_intent_abandoned,
    fold_named,
    fold_parked,
    fold_repair_dropped,
    fold_step_ended,
    fold_step_intended,
    fold_unmanaged,
    fold_unparked,
)
from machines.state.costs import OF_COSTS, Costs, began, fold_cost, fold_costs_event
from machines.state.cursors import move_cursor
from machines.state.deciding import Deciding, fold_decided, fold_level_approved, fold_level_refused
from machines.state.dials import OF_DIALS, DialStand, fold_dial_event
from machines.state.notifications import Notifications, fold_notifications
from machines.state.operators import Operators, fold_operator_event
from machines.state.orphans import KnownOrphan, fold_orphan_event
from machines.state.revenue import OF_REVENUE, RevenueState, fold_revenue_event
from machines.state.sources import OF_SOURCES, fold_source_event, stream_of

REPLACED = "replaced"
"""Why a question about a level ended when another decision took its place: that decision stands."""
FOLD_VERSION = 5
"""Raised whenever the meaning of the state changes: a snapshot of another version is not read."""


class State(msgspec.Struct):
    """Everything that the daemon knows, as of `sequence`."""

    sequence: int = 0
    mode: events.Mode = events.Mode.OBSERVE_ONLY
    instance: str = ""
    plan: Plan | None = None
    """The plan that decides: the adopted one, with the minima that operators set laid over it."""
    plan_fingerprint: str = ""
    revenue: RevenueState = msgspec.field(default_factory=RevenueState)
    deciding: Deciding = msgspec.field(default_factory=Deciding)
    components: Components = msgspec.field(default_factory=Components)
    breakers: dict[str, Breaker] = {}
    operators: Operators = msgspec.field(default_factory=Operators)
    costs: Costs = msgspec.field(default_factory=Costs)
    cursors: dict[str, str] = {}
    """The position read in each incoming stream."""
    read_before: dict[str, str] = {}
    """By stream that was read again from its start: the highest position before. Nothing above it was read then."""
    freezes: dict[str, str] = {}
    """Why nothing may change, by key; empty while decisions are free."""
    parked_actors: dict[str, str] = {}
    retired: dict[str, Component] = {}
    """Components that a newer plan dropped: managed as they were until they are COLD."""
    orphans: dict[str, KnownOrphan] = {}
    """What two reads found to belong to nothing, by key."""

    dials: dict[str, DialStand] = {}
    notifications: Notifications = msgspec.field(default_factory=Notifications)

    def component(self, component_id: str) -> Component | None:
        """What the plan, or the one before it, says of a component."""
        found = self.plan.components.get(component_id) if self.plan else None
        return found or self.retired.get(component_id)

    @property
    def target_level(self) -> int:
        """The level that components are moved towards: the held one, else the released one (ARCHITECTURE 7)."""
        held, released = self.operators.level, self.deciding.released_level
        if held is None:
            return released
        return held.level if self.plan is None else min(held.level, len(self.plan.levels) - 1)

    @property
    def frozen(self) -> str | None:
        """Why decisions are frozen, in one line, or None."""
        return "; ".join(reason or key for key, reason in self.freezes.items()) or None


_OF_CURSORS: Final[frozenset[type]] = frozenset(
    {
        events.CursorMoved,
        events.PaymentsRecorded,
        events.WatermarkReached,
        events.SourceHeard,
        events.CommandAnswered,
    }
)
"""The events that move a position, with their effect."""


def fold(state: State, recorded: events.Recorded) -> None:
    """Fold the next event. Events come in the order of their sequence numbers, each once."""
    event, at = recorded.event, recorded.recorded_at
    target_before = state.target_level
    kind = type(event)  # found in a set: asking for one class after the other is most of an audit
    if kind in OF_REVENUE:
        fold_revenue_event(state.revenue, event, calendar_of(state.plan.timezone if state.plan else "UTC"))
    elif kind in OF_COSTS:
        fold_costs_event(state.costs, recorded, calendar_of(state.plan.timezone if state.plan else "UTC"))
    else:
        _fold_move(state, recorded)
    if state.components.recosted:
        _fold_costs(state, at)
    if kind in OF_DIALS:
        fold_dial_event(state.dials, event)
    fold_notifications(state.notifications, recorded, state.plan, (target_before, state.target_level))
    if kind in OF_SOURCES:
        fold_source_event(state.revenue.sources, event, at)
    if kind in _OF_CURSORS:
        _fold_cursor(state, event)
    state.sequence = recorded.sequence


def _fold_move(state: State, recorded: events.Recorded) -> None:
    event, at = recorded.event, recorded.recorded_at
    match event:
        case events.StepIntended():
            fold_step_intended(state.components, event, at, recorded.sequence)
        case events.StepEnded():
            fold_step_ended(state.components, event, at)
        case events.LevelDecided():
            _fold_level(state, event, recorded.sequence, at)
        case _:
            _fold_rest(state, recorded)


def _fold_rest(state: State, recorded: events.Recorded) -> None:
    event, at = recorded.event, recorded.recorded_at
    match event:
        case events.IntentAbandoned():
            fold_intent_abandoned(state.components, event, at)
        case events.ComponentDrifted():
            fold_drifted(state.components, event, at)
        case events.ResourceUnmanaged():
            fold_unmanaged(state.components, event, at)
        case events.ResourceAdopted():
            fold_adopted(state.components, event, at)
        case events.ResourceNamed():
            fold_named(state.components, event)
        case events.RepairDropped():
            fold_repair_dropped(state.components, event, at)
        case events.ResourceGone():
            fold_gone(state.components, event, at)
        case events.ComponentParked():
            fold_parked(state.components, event)
        case events.ComponentUnparked():
            fold_unparked(state.components, event)
        case events.BreakerChanged():
            state.breakers[event.breaker] = Breaker(
                event.status, event.failures_at, event.opened_at, event.cooldown_s, event.probe
            )
        case _:
            _fold_daemon(state, event, at)


def _fold_daemon(state: State, event: events.Event, at: int) -> None:
    match event:
        case events.PlanAdopted():
            _fold_plan(state, event, at)
        case events.EntryRejected():
            state.revenue.counters.rejected += 1
        case events.Started():
            state.mode = event.mode
            state.instance = event.instance
        case events.FreezeChanged():
            if event.frozen:
                state.freezes[event.key] = event.reason
            else:
                state.freezes.pop(event.key, None)
        case events.ActorParked():
            state.parked_actors[event.actor] = event.reason
        case events.ActorResumed():
            state.parked_actors.pop(event.actor, None)
        case events.OrphanFound() | events.OrphanGone() | events.OrphanRemovalAsked() | events.OrphanRemoved():
            fold_orphan_event(state.orphans, event, at)
        case _:
            _fold_level_approval(state, event, at)
            fold_operator_event(state.operators, event)
            _fold_held(state, event, at)


def _fold_held(state: State, event: events.Event, at: int) -> None:
    """What operators set beside the plan changes what decides, and what is moved towards."""
    match event:
        case events.ThresholdSet() | events.ThresholdEnded():
            _set_minimum(state, event.level, event.minimum_micros)
        case events.LevelHeld() | events.LevelHoldEnded():
            _account_hosts(state, at)
        case _:
            pass


def _set_minimum(state: State, index: int, micros: int) -> None:
    plan = state.plan
    if plan is None or not 0 < index < len(plan.levels):
        return
    level = plan.levels[index]
    if level.trigger is None:
        return
    changed = msgspec.structs.replace(level, trigger=with_minimum(level.trigger, micros))
    levels = (*plan.levels[:index], changed, *plan.levels[index + 1 :])
    state.plan = msgspec.structs.replace(plan, levels=levels)


def _fold_level(state: State, event: events.LevelDecided, sequence: int, at: int) -> None:
    waits = False
    if state.plan is not None:
        waits = waits_for_approval(state.plan, state.deciding.released_level, event.decision.level)
    fold_decided(state.deciding, event, sequence, at, waits=waits)
    if state.plan is not None and event.actuated:  # the last of those judged at once: the others look back further
        state.revenue.book.forget_closed(calendar_of(state.plan.timezone))
    if not waits:
        _account_hosts(state, at)


def waits_for_approval(plan: Plan, released: int, decided: int) -> bool:
    """Whether the way from the released level to the decided one waits for an operator (ARCHITECTURE 7)."""
    if decided == released:
        return False
    rule = plan.policies.activation if decided > released else plan.policies.rollback
    return rule.approval is Approval.MANUAL


def _fold_level_approval(state: State, event: events.Event, at: int) -> None:
    """An approval of a level releases it; an ended one that was never given takes it back."""
    if isinstance(event, events.ApprovalGiven | events.ApprovalEnded):
        asked = state.operators.approvals.get(event.approval_id)
        if asked is None or not asked.subject.startswith("level:"):
            return
        if isinstance(event, events.ApprovalGiven):
            level = int(asked.subject.removeprefix("level:"))
            # A plan with fewer levels may have been adopted since the question was asked.
            fold_level_approved(state.deciding, min(level, len(state.plan.levels) - 1) if state.plan else level)
            _account_hosts(state, at)
        elif not asked.approved_by and event.why != REPLACED:
            fold_level_refused(state.deciding)


def _fold_plan(state: State, event: events.PlanAdopted, at: int) -> None:
    for component in state.plan.components.values() if state.plan else ():
        record = state.components.records.get(component.id)
        if component.id in event.plan.components or record is None:
            continue
        if component.host:
            state.components.stand(record, ComponentState.COLD, 0, at)
        elif record.state is not ComponentState.COLD or record.intent is not None or record.committed_micros:
            state.retired[component.id] = component
    for component_id in event.plan.components:
        state.retired.pop(component_id, None)
    _forget_held(state, event)
    before, state.plan = state.plan, event.plan
    state.plan_fingerprint = event.fingerprint
    if event.recosts:
        _recost(state, before, event.plan, at)
    top = len(event.plan.levels) - 1
    deciding = state.deciding
    partial = () if deciding.decided.level > top else deciding.decided.partial
    deciding.decided = msgspec.structs.replace(
        deciding.decided,
        level=min(deciding.decided.level, top),
        partial=tuple(each for each in partial if each in event.plan.components),
    )
    deciding.released_level = min(deciding.released_level, top)
    began(state.costs, at, calendar_of(event.plan.timezone))
    _account_hosts(state, at)


def _forget_held(state: State, event: events.PlanAdopted) -> None:
    """Whoever records another plan ends what it has no place for; this keeps the fold whole where that is missing."""
    operators, plan = state.operators, event.plan
    operators.thresholds.clear()
    if operators.level is not None and operators.level.level >= len(plan.levels):
        operators.level = None
    for item in [each for each in operators.attested if each not in plan.checklist]:
        del operators.attested[item]


def _fold_costs(state: State, at: int) -> None:
    """What now counts another cost accrues at that from here on."""
    calendar = calendar_of(state.plan.timezone if state.plan else "UTC")
    for component_id, month_micros in state.components.recosted.items():
        fold_cost(state.costs, component_id, month_micros, at, calendar)
    state.components.recosted.clear()


def _is_kept(record: ComponentRecord, component: Component | None) -> bool:
    """Whether a WARM record counts the full price, for the repair of what drifted."""
    if component is None or record.state is not ComponentState.WARM:
        return False
    full = cost_in(component, ComponentState.HOT)
    return record.committed_micros == full != cost_in(component, ComponentState.WARM)


def _recost(state: State, before: Plan | None, plan: Plan, at: int) -> None:
    """What stands costs what the new plan says: the cap and the accruals must not go on with the old price.

    What a step is under way for has reserved its own figure, and counts the new price when that step ends. What is
    recorded WARM and counts its full price waits for a repair, and may serve all the while: it counts the new full one.
    """
    for component in plan.components.values():
        record = state.components.records.get(component.id)
        if component.host or record is None or record.intent is not None or record.unmanaged is not None:
            continue
        old = before.components.get(component.id) if before is not None else None
        cost = cost_in(component, ComponentState.HOT if _is_kept(record, old) else record.state)
        if record.state in (ComponentState.WARM, ComponentState.HOT) and cost is not None:
            state.components.stand(record, record.state, cost, at)


def _account_hosts(state: State, at: int) -> None:
    """A host machine is never actuated: it counts while the level moved towards lists it (RESOLUTIONS 24)."""
    plan = state.plan
    if plan is None:
        return
    enabled = plan.levels[state.target_level].components
    for component in plan.components.values():
        if component.host:
            record = state.components.of(component.id)
            cost = (component.monthly_cost_micros or 0) if component.id in enabled else 0
            state.components.stand(record, ComponentState.HOT, cost, at)


def _fold_cursor(state: State, event: events.Event) -> None:
    match event:
        case events.CursorMoved():
            move_cursor(state.cursors, state.read_before, event)
        case events.PaymentsRecorded() | events.WatermarkReached():
            state.cursors[event.stream] = event.cursor
        case events.SourceHeard():
            state.cursors[stream_of(event.source)] = event.position
        case events.CommandAnswered():
            state.cursors[event.stream] = event.entry_id
        case _:
            pass
