"""Closed months and plans to decide on, written the way people say them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from config.calendar import month_from_text
from config.plan import Component, Level, Plan
from config.policies import Policies
from config.triggers import Comparison, Condition, Metric
from machines.deciding.decision import after, decide
from machines.deciding.facts import ClosedMonth, DecidedState, Decision

FIRST_MONTH = month_from_text("2024-01")
UNIT = 1_000_000


def closed(*units: str | int) -> list[ClosedMonth]:
    """Closed months from 2024-01 on with these revenues, in units; the trailing figure is the same."""
    micros = [int(Decimal(each) * UNIT) for each in units]
    return [ClosedMonth(FIRST_MONTH + index, each, each) for index, each in enumerate(micros)]


def at_least(units: int | str, months: int = 1) -> Condition:
    """A condition on revenue."""
    return Condition(Metric.REVENUE, Comparison.AT_LEAST, int(Decimal(units) * UNIT), months)


def autobroker(**policies: Any) -> Plan:
    """The five levels with their totals as one component each; `safety__brake=Brake.OFF` sets a policy."""
    shape = [(50, 450, None), (283, 800, (450, 1)), (1183, 3000, (800, 2)), (2333, 10000, (3000, 2))]
    shape.append((35000, 35000, (10000, 3)))
    components: dict[str, Component] = {"vps": Component("vps", 50 * UNIT, "simulated", host=True)}
    levels = [Level(0, "level_0", "Survival", ("vps",), 450 * UNIT)]
    carried: tuple[str, ...] = ()
    cost_before = 0
    for index, (cost, burn, needs) in enumerate(shape[1:], start=1):
        component_id = f"part_{index}"
        components[component_id] = Component(component_id, (cost - cost_before) * UNIT, "simulated")
        carried, cost_before = (*carried, component_id), cost
        assert needs is not None
        levels.append(Level(index, f"level_{index}", f"Name {index}", carried, burn * UNIT, at_least(*needs)))
    return Plan("autobroker", "Autobroker", "EUR", "UTC", components, tuple(levels), policies_with(**policies))


def policies_with(**chosen: Any) -> Policies:
    """The default policies with `<group>__<field>` replaced."""
    policies = Policies()
    for key, value in chosen.items():
        group, field = key.split("__")
        changed = msgspec.structs.replace(getattr(policies, group), **{field: value})
        policies = msgspec.structs.replace(policies, **{group: changed})
    return policies


def decided(plan: Plan, months: list[ClosedMonth]) -> list[Decision]:
    """The decision of every close, each standing on the one before."""
    state, decisions = DecidedState(), []
    for count in range(1, len(months) + 1):
        decision = decide(plan, months[:count], state)
        state = after(decision, state)
        decisions.append(decision)
    return decisions


def levels_of(plan: Plan, *units: str | int) -> list[int]:
    """The level after each close of months with these revenues."""
    return [decision.level for decision in decided(plan, closed(*units))]
