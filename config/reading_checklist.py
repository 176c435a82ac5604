"""Reading a plan's checklist: what operators attest, each with a text for people."""

from __future__ import annotations

from typing import Final

from config import values
from config.errors import ReadingError, shown
from config.identifiers import item_id
from config.reading import Collector, entries_of
from config.reading_levels import LevelDraft
from config.triggers import items_of
from config.yaml_tree import Mapping, Place

ITEMS_MAX: Final = 64
"""As many as levels: a longer list is kept elsewhere, and attested as one item."""


def checklist_read(mapping: Mapping | None, collector: Collector) -> dict[str, str]:
    """Every item with its text, in file order; problems are reported."""
    if mapping is not None and len(mapping.entries) > ITEMS_MAX:
        collector.report(mapping.place, f"at most {ITEMS_MAX} items", str(len(mapping.entries)))
    checklist: dict[str, str] = {}
    for item, node in entries_of(mapping):
        text = collector.parsed(node, values.line_text) or ""
        try:
            item_id(item)
        except ReadingError as error:
            collector.report(node.place, error.expected, error.found)
        checklist[item] = text
    return checklist


def check_checklist(checklist: dict[str, str], place: Place, levels: list[LevelDraft], collector: Collector) -> None:
    """Every item is asked for by some level: what nobody asks for looks like a condition, and is none."""
    asked = {item for level in levels for tree in (level.trigger, level.hold) for item in items_of(tree)}
    if any(level.trigger is None for level in levels[1:]):
        return  # a tree that could not be read may have asked for it
    for item in checklist:
        if item not in asked:
            expected = "an item that the trigger or hold of a level asks for, as {attested: " + item[:64] + "}"
            collector.report(place.under(item), expected, f"{shown(item)}, which none does")
