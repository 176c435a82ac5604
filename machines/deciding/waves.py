"""Which components should stand where, and in which order they rise and fall."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from config.plan import Plan
from machines.lifecycle_states import ComponentState

Wave = tuple[str, ...]
"""Components that may move at the same time, in the plan's file order."""


def enabled_components(plan: Plan, level: int, partial: Collection[str] = ()) -> tuple[str, ...]:
    """What a decided level and its partial components enable, hosts included, in the plan's file order."""
    wanted = {*plan.levels[level].components, *partial}
    return tuple(component for component in plan.components if component in wanted)


def targets(
    plan: Plan,
    level: int,
    partial: Collection[str] = (),
    prewarm: Collection[str] = (),
    never_raised: Collection[str] = (),
) -> dict[str, ComponentState]:
    """Where each component should rest, by id in file order; hosts are left out, they are never actuated.

    HOT: enabled. WARM: pre-warmed, or stateful and not enabled, for it keeps its data. COLD: everything else, and a
    stateful component in `never_raised`, which has no data to keep.
    """
    enabled = {*plan.levels[level].components, *partial}
    wanted: dict[str, ComponentState] = {}
    for component_id, component in plan.components.items():
        if component.host:
            continue
        if component_id in enabled:
            wanted[component_id] = ComponentState.HOT
        elif component_id in prewarm or (component.stateful and component_id not in never_raised):
            wanted[component_id] = ComponentState.WARM
        else:
            wanted[component_id] = ComponentState.COLD
    return wanted


def waves_up(plan: Plan, components: Collection[str]) -> tuple[Wave, ...]:
    """The order in which these components rise: level by level, inside a level after what they require.

    A component belongs to the first level that enables it. A requirement outside of `components` is not waited for.
    """
    wanted = {each for each in components if not plan.components[each].host}
    placed: set[str] = set()
    waves: list[Wave] = []
    for level in plan.levels:
        of_level = wanted.intersection(level.components) - placed
        waves.extend(_topological(plan, [each for each in plan.components if each in of_level], wanted, placed))
    rest = wanted - placed
    waves.extend(_topological(plan, [each for each in plan.components if each in rest], wanted, placed))
    return tuple(waves)


def waves_down(plan: Plan, components: Collection[str]) -> tuple[Wave, ...]:
    """The order in which these components fall: the waves up, reversed."""
    return tuple(reversed(waves_up(plan, components)))


def in_wave_order(waves: Iterable[Wave]) -> tuple[str, ...]:
    """The components of the waves, one after the other."""
    return tuple(component for wave in waves for component in wave)


def _topological(plan: Plan, group: list[str], wanted: set[str], placed: set[str]) -> list[Wave]:
    """Split a level's components into waves, and add them to `placed`."""
    waves: list[Wave] = []
    waiting = list(group)
    while waiting:
        ready = [
            each
            for each in waiting
            if all(need in placed or need not in wanted for need in plan.components[each].requires)
        ]
        # A requirement that only a later level enables is not waited for here, so that the order always ends.
        wave = tuple(ready or waiting)
        waves.append(wave)
        placed.update(wave)
        waiting = [each for each in waiting if each not in placed]
    return waves
