"""Reading a plan's levels, one by one; what they have to do with each other is checked in `plan_checks`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec

from config import values
from config.identifiers import component_id, level_id
from config.reading import Collector, Fields, mapping_of
from config.reading_triggers import trigger_read
from config.triggers import Trigger
from config.yaml_tree import Node, Place

LEVELS_MAX: Final = 64


class LevelDraft(msgspec.Struct, frozen=True):
    """A level as read, with the places that later checks name."""

    index: int
    id: str
    """Empty where the id is missing or wrong."""
    name: str
    place: Place
    trigger_place: Place
    trigger: Trigger | None
    hold: Trigger | None
    includes: tuple[tuple[str, Place], ...]
    own: tuple[tuple[str, Place], ...]
    max_burn_micros: int
    stated_cost_micros: int | None
    stated_cost_place: Place


def levels_read(
    items: tuple[Node, ...], place: Place, collector: Collector, checklist: Collection[str] = ()
) -> list[LevelDraft]:
    """Every level that is a mapping, in order; problems are reported. `checklist` has the plan's items."""
    if not 0 < len(items) <= LEVELS_MAX:
        collector.report(place, f"1 to {LEVELS_MAX} levels", str(len(items)))
    return [_level(index, node, collector, checklist) for index, node in enumerate(items[:LEVELS_MAX])]


def _level(index: int, node: Node, collector: Collector, checklist: Collection[str]) -> LevelDraft:
    mapping = mapping_of(node, collector)
    fields = Fields(mapping, collector) if mapping is not None else None
    if fields is None:
        return LevelDraft(index, "", "", node.place, node.place, None, None, (), (), 0, None, node.place)
    identifier = fields.required("id", level_id) or ""
    trigger_node = fields.node("trigger")
    hold_node = fields.node("hold")
    draft = LevelDraft(
        index=index,
        id=identifier,
        name=fields.optional("name", values.line_text, identifier),
        place=node.place,
        trigger_place=fields.place_of("trigger"),
        trigger=None if trigger_node is None else trigger_read(trigger_node, collector, checklist),
        hold=None if hold_node is None else trigger_read(hold_node, collector, checklist),
        includes=fields.texts("includes", level_id),
        own=fields.texts("components", component_id, required=True),
        max_burn_micros=fields.required("max_burn", values.amount) or 0,
        stated_cost_micros=fields.optional("monthly_cost", values.amount, None),
        stated_cost_place=fields.place_of("monthly_cost"),
    )
    if index == 0 and trigger_node is not None:
        collector.report(draft.trigger_place, "no trigger on the first level, which is always on", "one")
    if index == 0 and hold_node is not None:
        collector.report(fields.place_of("hold"), "no hold on the first level, which is always on", "one")
    if index > 0 and trigger_node is None:
        collector.report(draft.trigger_place, "a trigger such as {metric: revenue, at_least: 450}", "no such key")
    fields.finish()
    return draft
