"""`reload [prices accept]`: read the plan's file again; what it says from now on is approved by whoever sent this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from config.errors import PlanError
from config.plan import Plan
from config.plan_moves import moved
from daemon.resume import PLAN_CHANGED
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.costs.prices import strange_prices
from machines.events import AttestationEnded, Event, FreezeChanged, PlanAdopted, ThresholdEnded
from machines.lifecycle_states import ComponentState
from machines.state.operators import level_hold_ended

NEW_PLAN: Final = "another plan decides"
ACCEPT: Final = "accept"
STRANGE_SHOWN_MAX: Final = 8
STANDING_SHOWN_MAX: Final = 8


def _judge(command: Command, bench: Bench) -> Judged:
    try:
        plan = bench.read_plan()
    except PlanError as error:
        raise CommandError(f"plan: {error}") from None
    thawed: list[Event] = [FreezeChanged(PLAN_CHANGED, frozen=False)] if PLAN_CHANGED in bench.state.freezes else []
    fingerprint = bench.fingerprint(plan)
    if fingerprint == bench.state.plan_fingerprint:
        return done("the plan is unchanged", *thawed)
    _refuse_what_cannot_change(plan.currency, plan.timezone, bench)
    _refuse_what_would_be_left_behind(plan, bench)
    _refuse_strange_prices(command, plan, bench)
    adopted = [*_ended_by(plan, bench), PlanAdopted(plan, fingerprint, recosts=True), *thawed]
    return done(f"the plan {plan.id} decides from now on", *adopted)


def _ended_by(plan: Plan, bench: Bench) -> list[Event]:
    """What operators set beside the plan, and the new one has no place for."""
    operators = bench.state.operators
    ended: list[Event] = [
        ThresholdEnded(index, held.plan_micros, NEW_PLAN) for index, held in operators.thresholds.items()
    ]
    held_id = "" if operators.level is None else bench.plan.levels[bench.state.target_level].id
    if held_id and held_id not in [level.id for level in plan.levels[bench.state.target_level :][:1]]:
        ended.extend(
            level_hold_ended(operators, f"{NEW_PLAN}: level {bench.state.target_level} is not {held_id} in it")
        )
    ended.extend(
        AttestationEnded(item, f"{NEW_PLAN}: it does not ask for this")
        for item in operators.attested
        if item not in plan.checklist
    )
    return ended


def _refuse_what_cannot_change(currency: str, timezone: str, bench: Bench) -> None:
    """Recorded sums are in one currency and one zone; another needs another journal."""
    if bench.state.revenue.book.first_month is None:
        return
    if currency != bench.plan.currency:
        raise CommandError(f"currency: the journal counts in {bench.plan.currency}; start a new state directory")
    if timezone != bench.plan.timezone:
        raise CommandError(f"timezone: the journal's months are of {bench.plan.timezone}; start a new state directory")


def _refuse_what_would_be_left_behind(plan: Plan, bench: Bench) -> None:
    """What stands is found by the plan's id and at the place of its component: neither changes under it."""
    known = {**bench.state.retired, **bench.plan.components}
    standing = [
        each.id
        for each in bench.state.components.records.values()
        if (each.state is not ComponentState.COLD or each.intent is not None)
        and each.id in known
        and not known[each.id].host
    ]
    if standing and plan.id != bench.plan.id:
        raise CommandError(
            f"plan: it is called {plan.id} and what stands ({_some(standing)}) carries the name {bench.plan.id}: keep "
            "the name, let all of it go COLD first, or start a new state directory"
        )
    for component in standing:
        after = plan.components.get(component)
        place = moved(known[component], after) if after is not None else ""
        if place:
            raise CommandError(
                f"plan: {component} has {place}, and stands at the former place: nobody would look for it there. Let "
                "it go COLD first, or give the new one another id"
            )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - STANDING_SHOWN_MAX} more" if len(names) > STANDING_SHOWN_MAX else ""
    return ", ".join(names[:STANDING_SHOWN_MAX]) + more


def _refuse_strange_prices(command: Command, plan: Plan, bench: Bench) -> None:
    """A price that is many times what it was is rather a slip than a price: somebody must have looked at it."""
    accepted = command.fields.get("prices", "")
    if accepted not in ("", ACCEPT):
        raise CommandError(f"prices: expected {ACCEPT}, found {accepted[:40]!r}")
    strange = list(strange_prices({**bench.state.retired, **bench.plan.components}, plan))
    if not strange:
        return
    if accepted:
        command.required("reason", "why these prices are right")
        return
    more = f" and {len(strange) - STRANGE_SHOWN_MAX} more" if len(strange) > STRANGE_SHOWN_MAX else ""
    listed = "; ".join(map(str, strange[:STRANGE_SHOWN_MAX]))
    raise CommandError(
        f"plan: {listed}{more}: changed by more than a factor of {plan.costs.outlier_factor}; mend the plan, or send "
        f"reload with prices={ACCEPT} and a reason"
    )


VERB = Verb(
    "reload",
    frozenset({"prices"}),
    "read the plan's file again and approve it; prices many times larger or smaller need prices=accept",
    _judge,
)
