"""The readable state: flat text fields for `redis-cli HGETALL`. Unknown is an empty field, never a zero.

`docs/streams.md` lists the fields. Money is exact decimals of the plan's currency, times are ISO-8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from config.calendar import month_text
from config.instants import Instant, instant_text
from config.money import amount_text
from daemon.publication.figures import (
    NextLevel,
    RevenueFigures,
    breaker_status,
    cost_figures,
    next_level,
    revenue_figures,
)
from daemon.publication.held import attested_text, held_fields, level_hold_text, pin_text, thresholds_text
from daemon.publication.source_view import sources_text
from machines.events import BreakerStatus
from machines.granting import cap_of
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached
from machines.ports.journal import JournalIdentity
from machines.revenue.growth import fraction_text
from machines.state.components import ComponentRecord, Intent
from machines.state.whole import State

LEVEL = "level"
REVENUE = "revenue"
STATUS = "status"


def component_hash_name(component_id: str) -> str:
    """The name of a component's hash, without the instance's prefix."""
    return f"component:{component_id}"


def component_fields(state: State, component_id: str, target: ComponentState | None) -> Mapping[str, str]:
    """One component as it stands; {} for one that no plan knows any more, which removes its hash."""
    component = state.component(component_id)
    if component is None:
        return {}
    record = state.components.records.get(component_id) or ComponentRecord(component_id)
    unmanaged = record.unmanaged
    return {
        "state": record.state.value,
        "since": _instant(record.since or None),
        "target": "" if target is None else target.value,
        "cost": amount_text(record.committed_micros),
        "monthly_cost": _amount(component.monthly_cost_micros),
        "breaker": breaker_status(state, component_id).value,
        "generation": str(record.generation),
        "token": record.token,
        **_intent_fields(record.intent),
        "parked": record.parked,
        "contested": _flag(record.contested),
        "unmanaged": "" if unmanaged is None else unmanaged.value,
        "pinned": "" if (pin := state.operators.pins.get(component_id)) is None else pin_text(pin),
        "host": _flag(component.host),
        "retired": _flag(component_id in state.retired),
    }


def level_fields(state: State) -> Mapping[str, str]:
    """What was decided, what stands, and what the next level lacks."""
    plan, deciding = state.plan, state.deciding
    if plan is None:
        return {}
    decision = deciding.decision
    level = deciding.decided.level
    return {
        "level": str(level),
        "level_id": plan.levels[level].id,
        "level_name": plan.levels[level].name,
        "level_released": str(state.target_level),
        "level_reached": str(level_reached(plan, state)),
        "decided_at": "" if decision is None else instant_text(decision.at),
        "decision": "" if deciding.sequence is None else str(deciding.sequence),
        "direction": "" if decision is None else decision.direction.value,
        "cause": "" if decision is None else decision.cause,
        "eligible": "" if decision is None else ",".join(map(str, decision.eligible)),
        "blocked": "" if decision is None else ",".join(str(each.level) for each in decision.blocked),
        **_next_fields(next_level(state)),
        **held_fields(state),
    }


def revenue_fields(state: State, figures: RevenueFigures | None = None) -> Mapping[str, str]:
    """The newest reading and the last closed months; `figures` are the state's, where they are at hand."""
    plan, revenue = state.plan, state.revenue
    if plan is None:
        return {}
    measured, figures = revenue.measured, figures or revenue_figures(state)
    return {
        "currency": plan.currency,
        "mrr": "" if measured is None else amount_text(measured.mrr_micros),
        "mrr_committed": "" if measured is None else amount_text(measured.mrr_committed_micros),
        "as_of": "" if measured is None else instant_text(measured.as_of),
        "quality": "unknown" if measured is None else measured.quality,
        "reason": "" if measured is None else measured.reason,
        "month": "" if measured is None else month_text(measured.month),
        "month_to_date": "" if measured is None else amount_text(measured.month_to_date_micros),
        **_closed_fields(figures),
        "heard_at": _instant(revenue.known_at),
        "watermark": _instant(revenue.known_through),
        "payments_counted": str(revenue.counters.counted),
        "payments_duplicate": str(revenue.counters.duplicates),
        "payments_not_completed": str(revenue.counters.not_completed),
        "entries_rejected": str(revenue.counters.rejected),
        "corrections": str(revenue.counters.corrections),
    }


def status_fields(
    state: State, identity: JournalIdentity, about: Mapping[str, str], figures: RevenueFigures | None = None
) -> Mapping[str, str]:
    """The daemon as a whole; `about` is what only the process knows, such as its pid and its address."""
    plan, operators = state.plan, state.operators
    cost = cost_figures(state, figures or revenue_figures(state))
    pause = operators.pause
    return {
        **about,
        "instance": state.instance,
        "plan": "" if plan is None else plan.id,
        "plan_fingerprint": state.plan_fingerprint,
        "currency": "" if plan is None else plan.currency,
        "mode": state.mode.value,
        "frozen": state.frozen or "",
        "frozen_by": ",".join(sorted(state.freezes)),
        "paused": "" if pause is None else pause.scope.value,
        "paused_reason": "" if pause is None else pause.reason,
        "committed_cost": amount_text(cost.committed_micros),
        "cap": "" if state.deciding.decision is None else amount_text(cap_of(state)),
        "cost_ratio": fraction_text(cost.ratio) or "",
        "breakers_open": ",".join(
            sorted(name for name, each in state.breakers.items() if each.status is not BreakerStatus.CLOSED)
        ),
        "actors_parked": ",".join(sorted(state.parked_actors)),
        "approvals_waiting": ",".join(sorted(key for key, each in operators.approvals.items() if not each.approved_by)),
        "level_held": "" if operators.level is None else level_hold_text(plan, operators.level),
        "thresholds": thresholds_text(operators),
        "attested": attested_text(operators),
        "sources": sources_text(state),
        "orphans": str(len(state.orphans)),
        "sequence": str(state.sequence),
        "journal_id": identity.journal_id,
        "epoch": str(identity.epoch),
    }


def _intent_fields(intent: Intent | None) -> Mapping[str, str]:
    if intent is None:
        return {"intent": "", "intent_attempt": "", "intent_deadline": "", "intent_answered": "", "intent_reason": ""}
    return {
        "intent": intent.step.value,
        "intent_attempt": str(intent.attempt),
        "intent_deadline": instant_text(intent.deadline_at),
        "intent_answered": "" if intent.answered is None else intent.answered.value,
        "intent_reason": intent.reason,
    }


def _next_fields(following: NextLevel | None) -> Mapping[str, str]:
    if following is None:
        names = ("level", "level_id", "months_met", "months_required", "minimum_missing", "missing", "text")
        return {f"next_{name}": "" for name in names}
    return {
        "next_level": str(following.level),
        "next_level_id": following.level_id,
        "next_months_met": str(following.months_met),
        "next_months_required": str(following.months_required),
        "next_minimum_missing": amount_text(following.minimum_missing_micros),
        "next_missing": amount_text(following.ratio_missing_micros),
        "next_text": following.text,
    }


def _closed_fields(figures: RevenueFigures) -> Mapping[str, str]:
    return {
        "last_month": "" if figures.last_month is None else month_text(figures.last_month),
        "revenue_last_month": _amount(figures.measure_micros),
        "revenue_last_month_all": _amount(figures.all_micros),
        "revenue_last_month_committed": _amount(figures.committed_micros),
        "average_3m": _amount(figures.average_3m_micros),
        "growth": fraction_text(figures.growth) or "",
        "projected_3m": _amount(figures.projected_3m_micros),
        "progress": fraction_text(figures.progress) or "",
    }


def _amount(micros: int | None) -> str:
    return "" if micros is None else amount_text(micros)


def _instant(instant: Instant | None) -> str:
    return "" if instant is None else instant_text(instant)


def _flag(value: bool) -> str:
    return "1" if value else "0"
