"""What is watched at every event of a case, and what once a month: beyond what the auditor finds in the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from adapters.provisioners.simulated import Fault
from adapters.provisioners.simulated.world import LiveResource
from config.calendar import calendar_of, month_text
from config.instants import DAY
from config.money import amount_text
from config.plan import Component
from config.policies import RevenuePolicy
from machines.events import Event, PaymentsRecorded, StepEnded, StepIntended, StepOutcome
from machines.invariants import Finding
from machines.observations import ResourceState
from machines.revenue.payments import Kind

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld

MONTH: Final = 30 * DAY
MISLEADING: Final = frozenset({Fault.FOREIGN, Fault.LIES_ABSENT, Fault.STALE})
"""After one of these nobody can know what really stands, until a step that is intended later is done."""


class Watching:
    """Counts what is counted, payment by payment, and holds what really stands against what the journal counts."""

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world
        self._journal: Counter[int] = Counter()
        """Net micros by month, as the events say."""
        self._monthly_at = 0
        self._misled: dict[str, bool] = {}
        """The components of which something misled whoever looked; whether a step was intended since."""

    def mislead(self, component: str) -> None:
        """Something misleads whoever looks at it from now on, until a step that is intended later is done."""
        self._misled[component] = False

    def after(self, event: Event) -> Iterable[Finding]:
        """One event became durable and is folded."""
        if isinstance(event, PaymentsRecorded):
            return self._counted(event)
        component = getattr(event, "component", "")
        if component in self._misled:
            self._is_known_again(component, event)
        return self.uncounted(component) if component else ()

    def is_month_over(self) -> bool:
        """Whether the monthly looks are due; asked often, due once."""
        recorded_at = self._world.store.events[-1].recorded_at if self._world.store.events else 0
        if recorded_at < self._monthly_at + MONTH:
            return False
        self._monthly_at = recorded_at
        return True

    def monthly(self) -> Iterable[Finding]:
        """The book counts what the events say (I5), and the journal counts all that stands (I4)."""
        state = self._world.auditor.state
        book, policy = state.revenue.book, RevenuePolicy()
        for month in book.months:
            if book.revenue_micros(month, policy) != self._journal[month]:
                told = f"the events count {self._journal[month]}"
                yield Finding("I5", f"{month_text(month)}: the book has {book.revenue_micros(month, policy)}, {told}")
        for component in state.plan.components if state.plan is not None else ():
            yield from self.uncounted(component)

    def uncounted(self, component_id: str) -> Iterable[Finding]:
        """What a resource of ours costs, at the plan's price, is at least counted as long as it stands (I4)."""
        world = self._world
        state, standing = world.auditor.state, world.infrastructure.components.get(f"{world.plan.id}/{component_id}")
        component = state.component(component_id)
        if standing is None or not standing.live or component is None or component.host or component_id in self._misled:
            return
        record, tokens = state.components.of(component_id), world.auditor.tokens.get(component_id, ())
        if record.unmanaged is not None:
            return
        really = sum(_least(component, live) for live in standing.live if live.token in tokens)
        if really > record.committed_micros:
            counted = amount_text(record.committed_micros)
            yield Finding("I4", f"{component_id} costs {amount_text(really)} as it stands, {counted} is counted")

    def _is_known_again(self, component: str, event: Event) -> None:
        if isinstance(event, StepIntended):
            self._misled[component] = True
        elif isinstance(event, StepEnded) and event.outcome is StepOutcome.DONE and self._misled[component]:
            del self._misled[component]

    def _counted(self, event: PaymentsRecorded) -> Iterable[Finding]:
        """Each payment is one that the business told, to the micro and the moment."""
        plan, truth = self._world.auditor.state.plan, self._world.truth
        assert plan is not None
        calendar = calendar_of(plan.timezone)
        for each in event.counted:
            micros = -each.amount_micros if each.kind is Kind.REFUND else each.amount_micros
            self._journal[calendar.month_of(each.created_at)] += micros
            if truth.get(each.payment_id) != (each.created_at, micros):
                yield Finding("I5", f"{each.payment_id} counts {micros}, told was {truth.get(each.payment_id)}")


def _least(component: Component, live: LiveResource) -> int:
    """The least that it can cost: what changes may be on its way down."""
    state = live.becomes or live.state
    if state is ResourceState.HOT:
        return component.monthly_cost_micros or 0
    return 0 if state is ResourceState.ABSENT else component.warm_cost_micros
