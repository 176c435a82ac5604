"""`reload`: read the plan's file again; what it says from now on is approved by whoever sent this."""

from __future__ import annotations

from config.errors import PlanError
from daemon.resume import PLAN_CHANGED
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.events import Event, FreezeChanged, PlanAdopted


def _judge(command: Command, bench: Bench) -> Judged:
    del command
    try:
        plan = bench.read_plan()
    except PlanError as error:
        raise CommandError(f"plan: {error}") from None
    thawed: list[Event] = [FreezeChanged(PLAN_CHANGED, frozen=False)] if PLAN_CHANGED in bench.state.freezes else []
    fingerprint = bench.fingerprint(plan)
    if fingerprint == bench.state.plan_fingerprint:
        return done("the plan is unchanged", *thawed)
    _refuse_what_cannot_change(plan.currency, plan.timezone, bench)
    return done(f"the plan {plan.id} decides from now on", PlanAdopted(plan, fingerprint), *thawed)


def _refuse_what_cannot_change(currency: str, timezone: str, bench: Bench) -> None:
    """Recorded sums are in one currency and one zone; another needs another journal."""
    if bench.state.revenue.book.first_month is None:
        return
    if currency != bench.plan.currency:
        raise CommandError(f"currency: the journal counts in {bench.plan.currency}; start a new state directory")
    if timezone != bench.plan.timezone:
        raise CommandError(f"timezone: the journal's months are of {bench.plan.timezone}; start a new state directory")


VERB = Verb("reload", frozenset(), "read the plan's file again and approve it", _judge)
