"""What the parts of a plan have to do with each other: references, cycles, totals, rising minima."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from config.errors import shown
from config.money import MICROS_MAX, amount_text
from config.plan_cycles import cycles_of
from config.reading import Collector
from config.reading_components import ComponentDraft
from config.reading_levels import LevelDraft
from config.suggestions import one_of_text
from config.triggers import minimum_micros

Components = dict[str, ComponentDraft]
PARTS_LISTED_MAX: Final = 40


def check_requires(components: Components, collector: Collector) -> None:
    """Every required component exists, and none requires itself in the end."""
    for draft in components.values():
        for required, place in draft.requires:
            if required not in components:
                found = shown(required) + collector.near(required, components)
                collector.report(place, "the id of a component of this plan", found)
    graph = {key: [each for each, _ in draft.requires if each in components] for key, draft in components.items()}
    for cycle in cycles_of(graph):
        place = dict(components[cycle[0]].requires)[cycle[1 % len(cycle)]]
        collector.report(place, "components that do not require each other in a circle", " → ".join([*cycle, cycle[0]]))


def check_level_ids(levels: list[LevelDraft], components: Components, collector: Collector) -> None:
    """Level ids are unique, and no component has one of them: `explain` takes either."""
    seen: dict[str, LevelDraft] = {}
    for level in levels:
        if not level.id:
            continue
        if level.id in seen:
            found = f"{shown(level.id)} a second time (first as level {seen[level.id].index})"
            collector.report(level.place.under("id"), "an id of its own", found)
        if level.id in components:
            collector.report(level.place.under("id"), "an id that no component has", shown(level.id))
        seen.setdefault(level.id, level)


def completed_levels(
    levels: list[LevelDraft], components: Components, collector: Collector
) -> list[dict[str, ComponentDraft]]:
    """For each level all it enables, in order: what its includes enable, then its own; problems are reported."""
    complete: list[dict[str, ComponentDraft]] = []
    by_id: dict[str, int] = {}
    for level in levels:
        enabled: dict[str, ComponentDraft] = {}
        for included, place in level.includes:
            if included in by_id:
                enabled.update(complete[by_id[included]])
            else:
                known = one_of_text(by_id) if by_id else "none, since no level comes before this one"
                collector.report(place, f"the id of an earlier level ({known})", shown(included))
        for component, place in level.own:
            if component in components:
                enabled[component] = components[component]
            else:
                found = shown(component) + collector.near(component, components)
                collector.report(place, "the id of a component of this plan", found)
        if level.id:
            by_id.setdefault(level.id, level.index)
        complete.append(enabled)
    return complete


def check_level(
    level: LevelDraft, earlier: Collection[str], enabled: Components, known: Components, collector: Collector
) -> None:
    """A level enables what its components require, and its stated total is the sum of its parts.

    The total of a level that lacks a part for another reason is not looked at: it would only repeat the problem.
    """
    own = dict(level.own)
    for key, draft in enabled.items():
        for required, _ in draft.requires:
            if required in known and required not in enabled:
                expected = f"{required} on this level too, since {key} requires it"
                collector.report(own.get(key, level.place), expected, "it neither listed nor carried over")
    whole = own.keys() <= enabled.keys() and all(included in earlier for included, _ in level.includes)
    if whole and all(draft.cost_read for draft in enabled.values()):
        _check_total(level, enabled, collector)


def _check_total(level: LevelDraft, enabled: Components, collector: Collector) -> None:
    costs = {key: draft.component.monthly_cost_micros for key, draft in enabled.items()}
    total = sum(cost or 0 for cost in costs.values())
    if total > MICROS_MAX:
        collector.report(level.place, f"a monthly cost of at most {amount_text(MICROS_MAX)}", amount_text(total))
    stated = level.stated_cost_micros
    unknown = [key for key, cost in costs.items() if cost is None]
    if stated is None:
        return
    if unknown:
        expected = "no stated total while a price is unknown"
        collector.report(level.stated_cost_place, expected, f"{amount_text(stated)} ({', '.join(unknown)} unknown)")
    elif stated != total:
        listed = [f"{key} {amount_text(cost or 0)}" for key, cost in costs.items()]
        more = [f"{len(listed) - PARTS_LISTED_MAX} more"] if len(listed) > PARTS_LISTED_MAX else []
        parts = " + ".join(listed[:PARTS_LISTED_MAX] + more) or "no parts"
        collector.report(
            level.stated_cost_place, f"{amount_text(total)}, the sum of its parts ({parts})", amount_text(stated)
        )


def check_minima(levels: list[LevelDraft], collector: Collector) -> None:
    """Each level asks more revenue than the one below it, so that "the highest eligible level" has a meaning."""
    below, below_id = 0, ""
    for level in levels:
        if level.index == 0 or level.trigger is None:
            continue
        minimum = minimum_micros(level.trigger)
        if minimum is None:
            expected = "a trigger that at_least or above bounds from below, in every branch of an any"
            collector.report(level.trigger_place, expected, "none")
            continue
        if minimum <= below:
            expected = f"a minimum above {amount_text(below)}" + (f", that of {below_id}" if below_id else "")
            collector.report(level.trigger_place, expected, amount_text(minimum))
        if minimum > below:
            below, below_id = minimum, level.id
