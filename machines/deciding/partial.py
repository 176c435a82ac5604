"""What may stand of the next level before it is decided: affordable components alone, and pre-warmed ones."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from config.plan import Plan
from machines.deciding.activation import Assessment
from machines.deciding.ratio import cap_micros
from machines.deciding.waves import in_wave_order, waves_up


def next_assessment(assessed: Sequence[Assessment], level: int) -> Assessment | None:
    """The level after the decided one, or None on the top."""
    return assessed[level] if level < len(assessed) else None


def partial_components(plan: Plan, level: int, following: Assessment | None) -> tuple[str, ...]:
    """The next level's components that its blocked ratio still affords, in wave order (RESOLUTIONS 20).

    Each is taken when everything it requires is enabled and the total's ratio to the lowest tested measure stays
    within `ratio_max`, and the total within the next level's max burn.
    """
    if not plan.policies.activation.partial or following is None or not following.only_ratio_blocks:
        return ()
    total = plan.level_cost_micros(level)
    if total is None:
        return ()
    cap = cap_micros(plan, following.level, following.tested)
    enabled, taken = set(plan.levels[level].components), []
    for component_id in _added_components(plan, level):
        component = plan.components[component_id]
        cost = component.monthly_cost_micros
        if cost is None or total + cost > cap or not enabled.issuperset(component.requires):
            continue
        total += cost
        enabled.add(component_id)
        taken.append(component_id)
    return tuple(taken)


def prewarm_components(
    plan: Plan, level: int, partial: Sequence[str], following: Assessment | None, room_micros: int
) -> tuple[str, ...]:
    """The next level's components to warm (RESOLUTIONS 16), in wave order, while their warm cost fits the room.

    Only those whose requirements are enabled already: a requirement must be HOT before its dependant rises.
    """
    threshold = plan.policies.activation.prewarm_confidence
    if threshold is None or following is None or following.held or not following.priced:
        return ()
    if following.progress.unattested or following.progress.confidence < Fraction(threshold):
        return ()
    enabled = {*plan.levels[level].components, *partial}
    taken = []
    for component_id in _added_components(plan, level):
        component = plan.components[component_id]
        if component_id in enabled or not enabled.issuperset(component.requires):
            continue
        if component.warm_cost_micros > room_micros:
            continue
        room_micros -= component.warm_cost_micros
        taken.append(component_id)
    return tuple(taken)


def _added_components(plan: Plan, level: int) -> tuple[str, ...]:
    present = set(plan.levels[level].components)
    added = [each for each in plan.levels[level + 1].components if each not in present]
    return in_wave_order(waves_up(plan, added))
