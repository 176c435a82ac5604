"""`reload [prices accept]`: read the plan's file again; what it says from now on is approved by whoever sent this."""

from __future__ import annotations

from typing import Final

from config.errors import PlanError
from config.plan import Plan
from daemon.resume import PLAN_CHANGED
from daemon.verbs.verb import Bench, Verb
from machines.commands import Command, CommandError, Judged, done
from machines.costs.prices import strange_prices
from machines.events import Event, FreezeChanged, PlanAdopted

ACCEPT: Final = "accept"
STRANGE_SHOWN_MAX: Final = 8


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
    _refuse_strange_prices(command, plan, bench)
    return done(f"the plan {plan.id} decides from now on", PlanAdopted(plan, fingerprint), *thawed)


def _refuse_what_cannot_change(currency: str, timezone: str, bench: Bench) -> None:
    """Recorded sums are in one currency and one zone; another needs another journal."""
    if bench.state.revenue.book.first_month is None:
        return
    if currency != bench.plan.currency:
        raise CommandError(f"currency: the journal counts in {bench.plan.currency}; start a new state directory")
    if timezone != bench.plan.timezone:
        raise CommandError(f"timezone: the journal's months are of {bench.plan.timezone}; start a new state directory")


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
