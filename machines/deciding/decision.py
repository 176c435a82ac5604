"""Deciding: pure functions from closed months and what was decided before to the next decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from config.calendar import calendar_of
from config.instants import Instant
from config.plan import Plan
from config.triggers import FOR_MONTHS_MAX
from machines.deciding.activation import Assessment, assess, blocked_of, chosen_level
from machines.deciding.debounce import History, history_of
from machines.deciding.explanation import explained
from machines.deciding.facts import ClosedMonth, DecidedState, Decision, Direction
from machines.deciding.partial import next_assessment, partial_components, prewarm_components
from machines.deciding.ratio import Measured, cap_micros, tested_measures
from machines.deciding.rollback import fall_at_close, fall_at_day


class _Reach(msgspec.Struct, frozen=True):
    """What a level brings with it: components ahead of the next level, cost and cap."""

    partial: tuple[str, ...]
    prewarm: tuple[str, ...]
    committed_micros: int
    cap_micros: int | None


def decide(plan: Plan, months: Sequence[ClosedMonth], state: DecidedState, attested: Collection[str] = ()) -> Decision:
    """The decision at the close of the last of `months` (at least one, oldest first).

    Going down is judged before activation (RESOLUTIONS 6). Months before the one just closed may have been corrected
    since they closed; they count as they stand now. A level that the plan no longer has counts as its top level.
    `attested` are the checklist items that operators stand for at this close; any other counts as not met.
    """
    unattested = tuple(item for item in plan.checklist if item not in attested)
    history = history_of(months, plan.policies.revenue.measure, (*state.lacked, unattested))
    before = min(max(state.level, 0), len(plan.levels) - 1)
    fall = fall_at_close(plan, before, history)
    fallen = fall.level if fall is not None else before
    assessed = assess(plan, history, state.debounce_from)
    level = chosen_level(plan, assessed, fallen)
    reach = _reach(plan, history, assessed, level)
    return Decision(
        month=history.through,
        at=calendar_of(plan.timezone).end_of(history.through),
        daily=False,
        level_before=state.level,
        level=level,
        direction=_direction(before, level),
        eligible=tuple(each.level for each in assessed if each.eligible),
        blocked=blocked_of(plan, assessed),
        measure_micros=history.current,
        committed_cost_micros=reach.committed_micros,
        cap_micros=reach.cap_micros,
        cause=_cause(assessed, level, fallen, fall.cause if fall is not None else "stay"),
        explanation=explained(plan, history, assessed, level),
        partial=reach.partial,
        prewarm=reach.prewarm,
        debounce_from=state.debounce_from,
        unattested=unattested,
    )


def decide_day(
    plan: Plan, months: Sequence[ClosedMonth], at: Instant, trailing_micros: int, state: DecidedState
) -> Decision:
    """The judgement of a day's end between two closes, for `rollback.after: daily` (RESOLUTIONS 6).

    `at` is the day's end and `trailing_micros` the sum over the 720 hours before it; `months` are those closed so far
    (possibly none). It can only fall: then months count towards activation only from the running one on. When it
    stays, everything is as `state` has it.
    """
    running = calendar_of(plan.timezone).month_of(at - 1)
    unattested = state.lacked[-1] if state.lacked else ()
    before = min(max(state.level, 0), len(plan.levels) - 1)
    fall = fall_at_day(plan, before, trailing_micros, unattested)
    level = fall.level if fall is not None else before
    since = running if fall is not None else state.debounce_from
    history = history_of(months, plan.policies.revenue.measure, state.lacked) if months else None
    assessed = assess(plan, history, since) if history is not None else ()
    partial = () if fall is not None else state.partial
    committed = _known_cost(plan, (*plan.levels[level].components, *partial))
    return Decision(
        month=running,
        at=at,
        daily=True,
        level_before=state.level,
        level=level,
        direction=_direction(before, level),
        eligible=(),
        blocked=(),
        measure_micros=trailing_micros,
        committed_cost_micros=committed,
        cap_micros=cap_micros(plan, level, (trailing_micros,)) if level > 0 else None,
        cause=fall.cause if fall is not None else "stay",
        explanation=explained(plan, history, assessed, level) if history is not None else (),
        partial=partial,
        debounce_from=since,
        unattested=unattested,
    )


def after(decision: Decision, state: DecidedState) -> DecidedState:
    """What the decision leaves behind for the next one."""
    return DecidedState(
        level=decision.level,
        decided_through=state.decided_through if decision.daily else decision.month,
        debounce_from=decision.debounce_from,
        partial=decision.partial,
        lacked=state.lacked if decision.daily else _remembered((*state.lacked, decision.unattested)),
    )


def _remembered(lacked: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """What later closes may look at, without the closes at the beginning that lacked nothing."""
    kept = lacked[-FOR_MONTHS_MAX:]
    first = next((index for index, items in enumerate(kept) if items), len(kept))
    return kept[first:]


def _reach(plan: Plan, history: History, assessed: Sequence[Assessment], level: int) -> _Reach:
    following = next_assessment(assessed, level)
    partial = partial_components(plan, level, following)
    committed = _known_cost(plan, (*plan.levels[level].components, *partial))
    own = _level_cap(plan, history, assessed, level)
    ahead = cap_micros(plan, following.level, following.tested) if following is not None else 0
    # While part of the next level stands, that level is the target whose cap holds; so it is on the floor, whose own
    # exemption covers its own components alone.
    cap = own if own is not None and not partial else ahead
    prewarm = prewarm_components(plan, level, partial, following, cap - committed)
    committed += sum(plan.components[each].warm_cost_micros for each in prewarm)
    return _Reach(partial, prewarm, committed, cap if own is not None or partial or prewarm else None)


def _level_cap(plan: Plan, history: History, assessed: Sequence[Assessment], level: int) -> int | None:
    if level == 0:
        return None
    months = assessed[level - 1].progress.months_required
    tested: tuple[Measured, ...] = tested_measures(plan, history, months)
    return cap_micros(plan, level, tested)


def _known_cost(plan: Plan, components: Sequence[str]) -> int:
    return sum(plan.components[each].monthly_cost_micros or 0 for each in components)


def _direction(before: int, level: int) -> Direction:
    if level == before:
        return Direction.STAY
    return Direction.UP if level > before else Direction.DOWN


def _cause(assessed: Sequence[Assessment], level: int, fallen: int, otherwise: str) -> str:
    if level == fallen:
        return otherwise
    met = assessed[level - 1].progress
    return f"debounce met: {met.months_met} of {met.months_required} months"
