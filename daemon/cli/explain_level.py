"""What is to be said of one level: required, measured, missing, by how much and by when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.calendar import month_text
from config.instants import instant_text
from config.money import amount_text
from config.plan import Level, Plan
from config.triggers import items_of
from daemon.publication.held import threshold_text, words
from machines.deciding.facts import Decision, LevelExplanation
from machines.deciding.ratio import missing_micros
from machines.events import Mode
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached
from machines.state.whole import State


def level_object(plan: Plan, state: State, index: int) -> dict[str, Any]:
    """One level by the newest decision; null is unknown. Amounts are exact decimals of the plan's currency."""
    level, decision = plan.levels[index], state.deciding.decision
    said = None if decision is None else next((each for each in decision.explanation if each.level == index), None)
    cost = plan.level_cost_micros(index)
    minimum = level.minimum_micros
    return {
        "level": index,
        "level_id": level.id,
        "name": level.name,
        "standing": _standing(plan, state, index),
        "decision": state.deciding.sequence,
        "decided_at": None if decision is None else instant_text(decision.at),
        "month": None if decision is None else month_text(decision.month),
        "required": {
            "minimum": _amount(minimum),
            "months": None if said is None else said.months_required,
            "cost": _amount(cost),
            "ratio_max": str(plan.policies.safety.ratio_max),
            "max_burn": amount_text(level.max_burn_micros),
        },
        "measured": {
            "revenue": None if decision is None else amount_text(decision.measure_micros),
            "lowest_tested": None if said is None else _amount(said.lowest_tested_micros),
            "months_met": None if said is None else said.months_met,
        },
        "missing": _missing(plan, decision, said, index),
        "checklist": {
            each: each in state.operators.attested for each in (*items_of(level.trigger), *items_of(level.hold))
        },
        "held": list(_held(state, level)),
        "text": said.text if said is not None else _undecided_text(plan, index, minimum),
        "components": {
            each: state.components.of(each).state.value for each in level.components if each in plan.components
        },
    }


def level_lines(shown: dict[str, Any], plan: Plan, state: State) -> Iterator[str]:
    """The same in sentences."""
    yield f"Level {shown['level']}, {shown['name']} ({shown['level_id']}): {shown['standing']}."
    yield shown["text"]
    missing = shown["missing"]
    if missing is not None:
        parts = [f"{missing['a_month']} {plan.currency} a month"] if missing["a_month"] != "0.00" else []
        if missing["earliest_close"]:
            noun = "month" if missing["months"] == 1 else "months"
            earliest = missing["earliest_close"]
            parts.append(f"{missing['months']} closed {noun}, the earliest at the close of {earliest}")
        if parts:
            yield f"Missing: {'; '.join(parts)}."
    yield from (f"{each}." for each in shown["held"])
    if shown["decision"] is not None:
        yield f"Judged at the close of {shown['month']} (solvent history --decision {shown['decision']})."
    below = [each for each, standing in shown["components"].items() if standing != ComponentState.HOT.value]
    if below and shown["level"] <= state.deciding.decided.level:
        yield f"Not HOT yet: {', '.join(below)}; why: solvent explain {below[0]}."


def _standing(plan: Plan, state: State, index: int) -> str:
    standing = _decided_standing(plan, state, index)
    held = state.operators.level
    if held is not None and index == state.target_level:
        standing = f"held {words(held.until, held.by, held.reason, 'until set-level auto')}; as decided: {standing}"
    # What closed behind a freeze was not judged: what follows is by the decision before it.
    return f"{standing}; frozen since, nothing is decided or moved: {state.frozen}" if state.frozen else standing


def _decided_standing(plan: Plan, state: State, index: int) -> str:
    deciding = state.deciding
    decided, released = deciding.decided.level, deciding.released_level
    if index == decided and released != decided:
        found = state.operators.approval_for(f"level:{index}", approved=False)
        named = f", id {found[0]}" if found else ""
        return f"decided, waits for approval{named}; level {released} is acted upon"
    if index == decided:
        reached = level_reached(plan, state)
        if reached >= index:
            return "decided and reached"
        acting = "" if state.mode is Mode.ACT else "; observe_only changes nothing"
        if state.operators.level is not None:
            acting = f"; level {state.target_level} is held instead"
        return f"decided, not reached yet (level {reached} is){acting}"
    if index < decided:
        return f"below the decided level {decided}"
    blocked = state.deciding.decision.blocked if state.deciding.decision else ()
    for each in blocked:
        if each.level == index:
            return f"blocked: {each.reason}"
    eligible = state.deciding.decision is not None and index in state.deciding.decision.eligible
    return f"eligible, level {decided} is decided" if eligible else "not decided: its trigger is not met yet"


def _held(state: State, level: Level) -> Iterator[str]:
    """What operators set beside the plan that this level is judged by."""
    operators, plan = state.operators, state.plan
    threshold = operators.thresholds.get(level.index)
    if threshold is not None:
        yield f"Set beside the plan: {threshold_text(level.index, threshold)}"
    for item in dict.fromkeys((*items_of(level.trigger), *items_of(level.hold))):
        each = operators.attested.get(item)
        text = plan.checklist.get(item, "") if plan is not None else ""
        if each is not None:
            yield f"Attested: {item} ({text}) {words(each.until, each.by, each.reason, 'until withdrawn')}"
        else:
            yield f"Not attested now: {item} ({text}); once it is met: verb attest, item {item}, reason"


def _missing(plan: Plan, decision: Decision | None, said: LevelExplanation | None, index: int) -> dict[str, Any] | None:
    """By how much, and by when; None while nothing was decided."""
    if decision is None or said is None:
        return None
    measure = decision.measure_micros
    lowest = measure if said.lowest_tested_micros is None else said.lowest_tested_micros
    by_minimum = max(0, (said.minimum_micros or 0) - measure)
    by_ratio = missing_micros(plan, index, (lowest,), measure) if index > 0 else 0
    months = said.months_required - said.months_met
    return {
        "a_month": amount_text(max(by_minimum, by_ratio)),
        "to_minimum": amount_text(by_minimum),
        "to_ratio": amount_text(by_ratio),
        "months": months,
        "earliest_close": month_text(decision.month + months) if months else None,
    }


def _undecided_text(plan: Plan, index: int, minimum: int | None) -> str:
    if index == 0:
        return "It is the floor: always on."
    needs = "its trigger" if minimum is None else f"revenue of at least {amount_text(minimum)} {plan.currency} a month"
    return f"It needs {needs}; no close has judged it yet, so what was measured is unknown."


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)
