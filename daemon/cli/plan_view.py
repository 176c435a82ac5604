"""What `solvent plan show` shows: a plan's levels and components with the figures that follow from them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec

from config.money import amount_text, quotient_text
from config.plan import Component, Plan
from config.policies import Policies
from config.policy_keys import GROUPS, policy_text
from config.triggers import AllOf, AnyOf, Attested, Comparison, Condition, Trigger
from machines.break_even import LevelEconomics, break_even
from machines.deciding.ratio import missing_micros

SIGNS = {Comparison.AT_LEAST: ">=", Comparison.AT_MOST: "<=", Comparison.ABOVE: ">", Comparison.BELOW: "<"}


class LevelView(msgspec.Struct, frozen=True):
    """One level. Amounts are exact decimal texts, shares have six decimals; None is unknown or does not apply."""

    level: int
    id: str
    name: str
    trigger: str | None
    hold: str | None
    components: tuple[str, ...]
    monthly_cost: str | None
    max_burn: str
    needed_revenue: str | None
    """What the ratio asks of every month it tests, rounded up to the micro; None for level 0, which is exempt."""
    break_even_units: int | None
    max_burn_units: int | None
    """max burn / profit per unit: the documents' figure (RESOLUTIONS 21)."""
    budget_headroom: str | None
    """(max burn - cost) / max burn (RESOLUTIONS 22)."""


class ComponentView(msgspec.Struct, frozen=True):
    """One component; `levels` are those that enable it."""

    id: str
    monthly_cost: str | None
    warm_cost: str
    provisioner: str | None
    """None for the host, which is never actuated."""
    requires: tuple[str, ...]
    stateful: bool
    host: bool
    levels: tuple[int, ...]
    note: str


class PlanView(msgspec.Struct, frozen=True):
    """A whole plan, as `--format json` prints it."""

    plan: str
    name: str
    currency: str
    timezone: str
    unit: str | None
    profit_per_unit: str | None
    levels: tuple[LevelView, ...]
    components: tuple[ComponentView, ...]
    policies: dict[str, str]
    policies_changed: tuple[str, ...]
    """The keys of those that are not at their default."""


def plan_view(plan: Plan) -> PlanView:
    """The view of a loaded plan."""
    economics = break_even(plan)
    profit = economics.profit_per_unit
    return PlanView(
        plan=plan.id,
        name=plan.name,
        currency=plan.currency,
        timezone=plan.timezone,
        unit=economics.unit,
        profit_per_unit=None if profit is None else quotient_text(profit.numerator, profit.denominator * 1_000_000),
        levels=tuple(_level(plan, each) for each in economics.levels),
        components=tuple(_component(plan, each) for each in plan.components.values()),
        policies={key: policy_text(value) for key, value in _policy_values(plan.policies).items()},
        policies_changed=tuple(
            key for key, value in _policy_values(plan.policies).items() if value != _policy_values(Policies())[key]
        ),
    )


def trigger_text(trigger: Trigger) -> str:
    """A trigger tree on one line: `revenue >= 800.00 for 2 months`, joined by `and` and `or`."""
    match trigger:
        case Condition(metric, comparison, threshold_micros, for_months):
            months = "1 month" if for_months == 1 else f"{for_months} months"
            return f"{metric.value} {SIGNS[comparison]} {amount_text(threshold_micros)} for {months}"
        case Attested(item):
            return f"attested {item}"
        case AllOf(parts):
            return " and ".join(_grouped(part) for part in parts)
        case AnyOf(parts):
            return " or ".join(_grouped(part) for part in parts)


def _policy_values(policies: Policies) -> dict[str, Any]:
    """Every policy by its key, `safety.ratio_max`."""
    return {
        f"{group}.{name}": getattr(getattr(policies, group), name)
        for group, kind in GROUPS.items()
        for name in kind.__struct_fields__
    }


def _grouped(part: Trigger) -> str:
    text = trigger_text(part)
    return text if isinstance(part, Condition | Attested) or len(part.parts) == 1 else f"({text})"


def _level(plan: Plan, economics: LevelEconomics) -> LevelView:
    level = plan.levels[economics.level]
    exempt = level.index == 0 or economics.cost_micros is None
    return LevelView(
        level=level.index,
        id=level.id,
        name=level.name,
        trigger=None if level.trigger is None else trigger_text(level.trigger),
        hold=None if level.hold is None else trigger_text(level.hold),
        components=level.components,
        monthly_cost=_amount(economics.cost_micros),
        max_burn=amount_text(economics.max_burn_micros),
        # What is missing where nothing was earned is what is needed.
        needed_revenue=None if exempt else amount_text(missing_micros(plan, level.index, (0,), 0)),
        break_even_units=economics.units,
        max_burn_units=economics.documents_units,
        budget_headroom=_share(economics.budget_headroom),
    )


def _component(plan: Plan, component: Component) -> ComponentView:
    return ComponentView(
        id=component.id,
        monthly_cost=_amount(component.monthly_cost_micros),
        warm_cost=amount_text(component.warm_cost_micros),
        provisioner=None if component.host else component.provisioner,
        requires=component.requires,
        stateful=component.stateful,
        host=component.host,
        levels=tuple(level.index for level in plan.levels if component.id in level.components),
        note=component.note,
    )


def _amount(micros: int | None) -> str | None:
    return None if micros is None else amount_text(micros)


def _share(share: Fraction | None) -> str | None:
    return None if share is None else quotient_text(share.numerator, share.denominator)
