"""The samples that the state alone gives, read at each scrape, so that none is missed or stale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import chain, islice
from typing import Final

from config.instants import SECOND, Instant
from config.money import decimal_from_micros
from config.plan import Plan
from daemon.publication.figures import RevenueFigures, cost_figures, revenue_figures
from daemon.telemetry.cost_samples import cost_samples
from daemon.telemetry.samples import Number, Sample
from machines.events import Mode
from machines.granting import cap_of
from machines.lifecycle_states import ComponentState
from machines.moving import level_reached
from machines.revenue.readings import Quality
from machines.state.components import ComponentRecord
from machines.state.whole import State

COMPONENTS_LABELLED_MAX: Final = 1_000
"""More series than this cost a scrape more than they tell; `solvent_components_items` always counts all."""

_SETTLED: Final = {
    ComponentState.COLD: 0,
    ComponentState.WARMING: 0,
    ComponentState.WARM: 1,
    ComponentState.ACTIVATING: 1,
    ComponentState.DEACTIVATING: 2,
    ComponentState.HOT: 2,
}
"""The last settled state of each (RESOLUTIONS 19)."""
_WORDS: Final = ("cold", "warm", "hot")


def state_samples(state: State, now: Instant) -> Iterator[Sample]:
    """All samples of the state; what is unknown is left out."""
    yield from _operator_samples(state)
    yield from _source_samples(state, now)
    plan = state.plan
    if plan is not None:
        yield from _revenue_samples(state, plan)
        yield from _level_samples(state, plan)
        yield from _component_samples(state, plan, now)
        yield from cost_samples(state, plan, now)


def _operator_samples(state: State) -> Iterator[Sample]:
    yield from (Sample("solvent_mode", int(state.mode is mode), (mode.value,)) for mode in Mode)
    yield from (Sample("solvent_frozen", 1, (key,)) for key in sorted(state.freezes))
    operators = state.operators
    if operators.pause is not None:
        yield Sample("solvent_paused", 1, (operators.pause.scope.value,))
    yield Sample("solvent_pins_items", len(operators.pins))
    waiting = sum(not approval.approved_by for approval in operators.approvals.values())
    yield Sample("solvent_approvals_waiting_items", waiting)
    yield Sample("solvent_orphans_items", len(state.orphans))
    breakers = Counter((name.partition(":")[0], each.status.value) for name, each in state.breakers.items())
    yield from (Sample("solvent_breakers_items", count, labels) for labels, count in sorted(breakers.items()))


def _source_samples(state: State, now: Instant) -> Iterator[Sample]:
    revenue, counters = state.revenue, state.revenue.counters
    yield Sample("solvent_payments_counted_total", counters.counted)
    yield Sample("solvent_payments_duplicate_total", counters.duplicates)
    yield Sample("solvent_payments_not_completed_total", counters.not_completed)
    yield Sample("solvent_payments_converted_total", counters.converted)
    yield Sample("solvent_payments_corrections_total", counters.corrections)
    yield Sample("solvent_entries_rejected_total", counters.rejected)
    yield Sample("solvent_payments_held_future_items", revenue.book.held_future(now))
    if revenue.heard_at is not None:
        yield Sample("solvent_source_last_heard_age_seconds", _seconds(now - revenue.heard_at))
    if revenue.watermark is not None:
        yield Sample("solvent_source_watermark_timestamp_seconds", _seconds(revenue.watermark))


def _revenue_samples(state: State, plan: Plan) -> Iterator[Sample]:
    measured, figures, currency = state.revenue.measured, revenue_figures(state), (plan.currency,)
    if measured is not None:
        yield Sample("revenue_mrr_gauge", decimal_from_micros(measured.mrr_micros), ("current",))
        yield Sample("solvent_month_to_date_currency", decimal_from_micros(measured.month_to_date_micros), currency)
        yield Sample("solvent_revenue_reading_good", int(measured.quality == Quality.GOOD.value))
        yield Sample("solvent_revenue_reading_timestamp_seconds", _seconds(measured.as_of))
    closed = {"measure": figures.measure_micros, "all": figures.all_micros, "committed": figures.committed_micros}
    for figure, micros in closed.items():
        yield from _money("solvent_last_month_revenue_currency", micros, (plan.currency, figure))
    yield from _money("solvent_average_3m_revenue_currency", figures.average_3m_micros, currency)
    yield from _known("revenue_growth_rate", figures.growth)
    yield from _money("revenue_projected_3m", figures.projected_3m_micros, ())
    yield from _known("solvent_next_level_progress_ratio", figures.progress)
    yield from _cost_samples(state, figures, currency)


def _cost_samples(state: State, figures: RevenueFigures, currency: tuple[str, ...]) -> Iterator[Sample]:
    cost = cost_figures(state, figures)
    yield from _money("solvent_committed_cost_currency_per_month", cost.committed_micros, currency)
    if state.deciding.decision is not None:
        yield from _money("solvent_cap_currency_per_month", cap_of(state), currency)
    # A cost that no revenue covers must fire the alerts of the documents, which compare with 0.80 and 0.90.
    ratio: Number | None = Decimal("Infinity") if cost.uncovered else cost.ratio
    if ratio is not None:
        yield Sample("scaling_cost_ratio", ratio)
        yield Sample("revenue_cost_ratio", ratio)
        yield Sample("revenue_cost_ratio_percentage", ratio * 100)


def _level_samples(state: State, plan: Plan) -> Iterator[Sample]:
    deciding = state.deciding
    yield Sample("scaling_level_current", deciding.decided.level)
    yield Sample("solvent_level_released", state.target_level)
    yield Sample("solvent_level_reached", level_reached(plan, state))
    for level, at in sorted(deciding.raised_at.items()):
        yield Sample("scaling_activation_timestamp", _seconds(at), (str(level),))


def _component_samples(state: State, plan: Plan, now: Instant) -> Iterator[Sample]:
    records = state.components.records
    ids = tuple(chain(plan.components, state.retired))
    for component_id in islice(ids, COMPONENTS_LABELLED_MAX):
        record = records.get(component_id)
        settled = 0 if record is None else _SETTLED[record.state]
        yield Sample("component_state", 1, (component_id, _WORDS[settled]))
        yield Sample("component_activation_state", settled, (component_id,))
    yield Sample("solvent_components_unlabelled_items", max(0, len(ids) - COMPONENTS_LABELLED_MAX))
    known = [records.get(component_id) or ComponentRecord(component_id) for component_id in ids]
    states = Counter(record.state for record in known)
    yield from (Sample("solvent_components_items", states[each], (each.value.lower(),)) for each in ComponentState)
    yield Sample("solvent_components_parked_items", sum(bool(record.parked) for record in known))
    yield Sample("solvent_components_contested_items", sum(record.contested for record in known))
    yield Sample("solvent_components_unmanaged_items", sum(record.unmanaged is not None for record in known))
    intents = [record.intent for record in known if record.intent is not None]
    steps = Counter(intent.step.value for intent in intents)
    yield from (Sample("solvent_intents_items", count, (step,)) for step, count in sorted(steps.items()))
    yield Sample("solvent_intents_overdue_items", sum(intent.deadline_at <= now for intent in intents))


def _money(name: str, micros: int | None, labels: tuple[str, ...]) -> Iterator[Sample]:
    if micros is not None:
        yield Sample(name, decimal_from_micros(micros), labels)


def _known(name: str, value: Fraction | None) -> Iterator[Sample]:
    if value is not None:
        yield Sample(name, value)


def _seconds(instant: Instant) -> Fraction:
    return Fraction(instant, SECOND)
