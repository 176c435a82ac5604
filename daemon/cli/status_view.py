"""What `solvent status` says, as values: the published JSON object, and the sentences beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.calendar import month_text
from config.instants import Instant, instant_text
from config.money import amount_text
from daemon.assembly import RunFacts
from daemon.cli.dial_view import dial_object
from daemon.publication.figures import breaker_status, cost_figures, next_level, revenue_figures
from daemon.publication.held import attested_text, held_fields, held_lines, pin_text, thresholds_text
from daemon.publication.source_view import source_objects
from daemon.telling_commands import SOMEBODY, UNKNOWN_PLACE, Orders
from machines.events import CostAlarmChanged
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached
from machines.revenue.growth import fraction_text
from machines.state.operators import HeldPause
from machines.state.orphans import KnownOrphan
from machines.state.whole import State


def orders_to(facts: RunFacts | None, state: State) -> Orders:
    """Where the daemon of a state directory is told what to do; without a place while none runs."""
    if facts is None:
        return Orders(instance=state.instance)
    return Orders(facts.redis, facts.instance, SOMEBODY if facts.principals else "")


def status_object(state: State, *, pid: int | None, facts: RunFacts | None, began_at: Instant | None) -> dict[str, Any]:
    """The object of `solvent status --format json`, its keys in the published order; null is unknown, never zero.

    `pid` and `facts` are None while no daemon runs. `began_at` is since when a component that never moved stands.
    """
    plan = state.plan
    cost = cost_figures(state, revenue_figures(state))
    level = None if plan is None else state.deciding.decided.level
    shown = {
        "pid": pid,
        "instance": state.instance if facts is None else facts.instance,
        "plan": None if plan is None else plan.id,
        "redis": facts.redis or None if facts else None,
        "http": facts.http or None if facts else None,
        "mode": state.mode.value,
        "level": level,
        "level_reached": None if plan is None else level_reached(plan, state),
        "level_id": None if plan is None or level is None else plan.levels[level].id,
        "mrr": None if state.revenue.measured is None else amount_text(state.revenue.measured.mrr_micros),
        "revenue_last_month": _revenue_last_month(state),
        "committed_cost": None if plan is None else amount_text(cost.committed_micros),
        "cost_ratio": fraction_text(cost.ratio),
        "frozen": frozen_text(state),
        "components": {each: _component(state, each, began_at) for each in component_ids(state)},
    }
    # Not keys of every answer: the object's keys are published, and most daemons never have one of these.
    rare = {
        "held": held_fields(state) if state.operators.level is not None else None,
        "thresholds": thresholds_text(state.operators),
        "attested": attested_text(state.operators),
        "orphans": [_orphan(each) for each in state.orphans.values()],
        "sources": source_objects(state),
    }
    return shown | {key: value for key, value in rare.items() if value}


def component_ids(state: State) -> tuple[str, ...]:
    """The plan's components in file order, then those that a newer plan dropped."""
    return (*(state.plan.components if state.plan else ()), *state.retired)


def frozen_text(state: State) -> str | None:
    """Why nothing moves, in words: what froze decisions, and an operator's pause; None while all is free."""
    pause = state.operators.pause
    said = [each for each in (state.frozen, pause_text(pause) if pause else None) if each]
    return "; ".join(said) or None


def pause_text(pause: HeldPause) -> str:
    """`paused (up) by alice until 2024-05-01T00:00:00Z: migration`."""
    until = "" if pause.until is None else f" until {instant_text(pause.until)}"
    reason = f": {pause.reason}" if pause.reason else ""
    return f"paused ({pause.scope.value}) by {pause.by}{until}{reason}"


def next_level_text(state: State) -> str:
    """What the level above the decided one still needs."""
    plan = state.plan
    if plan is None:
        return "No plan was adopted yet."
    if state.deciding.decided.level == len(plan.levels) - 1:
        return f"{plan.levels[-1].name} is the top level."
    following = next_level(state)
    if following is None:
        return undecided_text(state)
    name, parts = plan.levels[following.level].name, []
    missing = max(following.minimum_missing_micros, following.ratio_missing_micros)
    if missing:
        parts.append(f"{amount_text(-(-missing // 10_000) * 10_000)} more a month")
    if months := following.months_required - following.months_met:
        parts.append(f"{months} more closed {'month' if months == 1 else 'months'}")
    why = f"solvent explain {following.level}"
    if following.unattested:
        parts.append(f"the attestation of {', '.join(following.unattested)}")
    return f"{name} needs {' and '.join(parts)} ({why})." if parts else f"{name} is not decided; why: {why}"


def undecided_text(state: State) -> str:
    """Why there is no decision yet: nothing closed, or what closed waits behind a freeze."""
    book = state.revenue.book
    if book.closed_through is None or book.first_month is None:
        return "No month was closed yet, so nothing was decided."
    months = book.closed_through - book.first_month + 1
    return f"{months} months are closed and none was decided" + (
        f": frozen, {state.frozen}." if state.frozen else " yet."
    )


def waiting_lines(state: State, orders: Orders = UNKNOWN_PLACE) -> Iterator[str]:
    """What waits for a person, or is held by one: approvals, pins, parked and unmanaged components, parked actors."""
    for approval_id, asked in state.operators.approvals.items():
        if not asked.approved_by:
            beyond = ", exceeding the cap" if asked.exceeds_cap else ""
            how = orders.line("approve", id=approval_id)
            yield f"waits for approval: {asked.subject}{beyond} (id {approval_id}): {asked.reason} ({how})"
    for component_id, pin in state.operators.pins.items():
        yield f"pinned: {component_id} in {pin_text(pin)}"
    yield from held_lines(state)
    for record in state.components.records.values():
        if record.parked:
            how = orders.line("resume-actor", actor=f"component:{record.id}")
            yield f"parked: {record.id}: {record.parked} ({how})"
        if record.resource_name and record.state is ComponentState.COLD:
            yield f"to be adopted: {record.id} is to adopt {record.resource_name}, which two looks must find"
        if record.unmanaged is not None:
            yield f"unmanaged: {record.id} was found {record.unmanaged.value}; costed, untouched until adopted"
    for orphan in state.orphans.values():
        order = f"solvent orphans --remove {orphan.name}"
        if orphan.removal is not None:
            answered = "asked" if orphan.removal.outcome is None else orphan.removal.outcome.value
            order = f"its removal is {answered}, ordered by {orphan.removal.by}"
        yield f"orphan: {orphan.kind} {orphan.name}: {orphan.why} ({order})"
    for alarm in state.costs.alarms.values():
        yield f"cost alarm: {alarm_text(alarm)} (solvent costs)"
    for actor, reason in state.parked_actors.items():
        yield f"parked: {actor}: {reason} ({orders.line('resume-actor', actor=actor)})"


def _orphan(orphan: KnownOrphan) -> dict[str, Any]:
    removal = orphan.removal
    answered = removal.outcome if removal is not None else None
    return {
        "kind": orphan.kind,
        "name": orphan.name,
        "component": orphan.component,
        "token": orphan.token,
        "why": orphan.why,
        "since": instant_text(orphan.found_at),
        "removal": None if removal is None else "asked" if answered is None else answered.value,
    }


def alarm_text(alarm: CostAlarmChanged) -> str:
    """`web 2026-11 deviates by cost_explorer: billed 30.00, accrued 20.00 …`."""
    return f"{alarm.component} {month_text(alarm.month)} {alarm.status} by {alarm.reader}: {alarm.reason}"


def _component(state: State, component_id: str, began_at: Instant | None) -> dict[str, Any]:
    record = state.components.of(component_id)
    since = record.since or began_at
    return {
        "state": record.state.value,
        "since": None if since is None else instant_text(since),
        "cost": amount_text(record.committed_micros),
        "breaker": breaker_status(state, component_id).value,
        **({} if (dial := dial_object(state, component_id)) is None else {"dial": dial}),
    }


def _revenue_last_month(state: State) -> str | None:
    plan, book = state.plan, state.revenue.book
    if plan is None or book.closed_through is None:
        return None
    return amount_text(book.revenue_micros(book.closed_through, plan.policies.revenue))
