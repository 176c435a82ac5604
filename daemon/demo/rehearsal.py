"""The plan as the demonstration plays it: every component simulated, every approval given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config.plan import Component, Plan
from config.policies import Approval

SIMULATED: Final = "simulated"
LATENCIES: Final[Mapping[str, Any]] = {"warm_s": 6, "activate_s": 9, "deactivate_s": 6, "decommission_s": 3}
"""Seconds of the accelerated clock that each step takes, so that a person can see it happen."""


def rehearsed(plan: Plan, *, instant: bool) -> tuple[Plan, tuple[str, ...]]:
    """The plan to play, and what was changed about it, in sentences. `instant` lets steps take no time.

    Nothing real is ever touched: a component whose plan names scripts gets the simulated provisioner instead. Approvals
    are taken as given, as a backtest takes them.
    """
    options: dict[str, Any] = {} if instant else dict(LATENCIES)
    components = {each.id: _simulated(each, options) for each in plan.components.values()}
    policies = plan.policies
    activation = msgspec.structs.replace(policies.activation, approval=Approval.AUTOMATIC)
    rollback = msgspec.structs.replace(policies.rollback, approval=Approval.AUTOMATIC)
    notes = []
    real = [each.id for each in plan.components.values() if not each.host and each.provisioner != SIMULATED]
    if real:
        notes.append(f"Simulated here, and not touched in the world: {', '.join(real)}.")
    if Approval.MANUAL in {policies.activation.approval, policies.rollback.approval}:
        notes.append("The plan asks for approvals; here they are taken as given.")
    changed = msgspec.structs.replace(
        plan,
        components=components,
        policies=msgspec.structs.replace(policies, activation=activation, rollback=rollback),
    )
    return changed, tuple(notes)


def _simulated(component: Component, options: dict[str, Any]) -> Component:
    if component.host:
        return component
    return msgspec.structs.replace(component, provisioner=SIMULATED, options=options)
