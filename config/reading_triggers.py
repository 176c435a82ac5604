"""Reading trigger trees: one condition, one checklist item, or `all` or `any` of a list of trees."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from config import values
from config.errors import ReadingError, shown
from config.identifiers import item_id
from config.reading import NOT_YET, Collector, Fields, mapping_of
from config.suggestions import did_you_mean
from config.triggers import FOR_MONTHS_MAX, AllOf, AnyOf, Attested, Comparison, Condition, Metric, Trigger
from config.yaml_tree import Broken, Node

CONDITIONS_MAX: Final = 32
TRIGGER_DEPTH_MAX: Final = 8

_COMPARISONS: Final = tuple(each.value for each in Comparison)


def trigger_read(node: Node, collector: Collector, checklist: Collection[str] = (), depth: int = 1) -> Trigger | None:
    """The tree below a node; None where it has problems, which are reported. `checklist` has the plan's items."""
    mapping = mapping_of(node, collector)
    if mapping is None:
        return None
    fields = Fields(mapping, collector)
    branches = [key for key in ("all", "any") if fields.has(key)]
    if not branches:
        return _attested(fields, checklist) if fields.has("attested") else _condition(fields)
    if len(mapping.entries) > 1:
        collector.report(node.place, "either all, or any, or one condition", ", ".join(map(shown, mapping.entries)))
        return None
    return _branch(fields, branches[0], checklist, depth)


def _branch(fields: Fields, key: str, checklist: Collection[str], depth: int) -> Trigger | None:
    collector = fields.collector
    items = fields.items(key)
    if depth >= TRIGGER_DEPTH_MAX:
        collector.report(fields.place_of(key), f"conditions at most {TRIGGER_DEPTH_MAX} deep", "a deeper tree")
        return None
    if not 0 < len(items) <= CONDITIONS_MAX:
        if not isinstance(fields.node(key), Broken):
            collector.report(fields.place_of(key), f"1 to {CONDITIONS_MAX} conditions", str(len(items)))
        return None
    parts = [trigger_read(item, collector, checklist, depth + 1) for item in items]
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return AllOf(whole) if key == "all" else AnyOf(whole)


def _attested(fields: Fields, checklist: Collection[str]) -> Attested | None:
    """An item of the checklist; durations are of figures, so nothing else stands beside it."""
    item = fields.required("attested", item_id)
    place, collector = fields.place_of("attested"), fields.collector
    fields.finish()
    if item is None:
        return None
    if item not in checklist:
        known = ", ".join(checklist) or "none is declared"
        collector.report(place, f"an item of checklist ({known})", shown(item) + collector.near(item, checklist))
        return None
    return Attested(item)


def _condition(fields: Fields) -> Condition | None:
    metric = fields.required("metric", _metric)
    months = fields.optional("for_months", values.integer(1, FOR_MONTHS_MAX, "months"), 1)
    written = [key for key in _COMPARISONS if fields.has(key)]
    thresholds = {key: fields.optional(key, values.amount, None) for key in _COMPARISONS}
    if len(written) != 1:
        found = " and ".join(written) or "none"
        fields.collector.report(fields.place, f"one of {', '.join(_COMPARISONS)}", found)
    fields.finish()
    if metric is None or len(written) != 1:
        return None
    threshold = thresholds[written[0]]
    if threshold is None:
        return None
    return Condition(metric, Comparison(written[0]), threshold, months)


def _metric(text: str) -> Metric:
    known = [each.value for each in Metric]
    if text in known:
        return Metric(text)
    near = did_you_mean(text, known)
    raise ReadingError(", ".join(known), f"metric: {shown(text)}" + (near or f": {NOT_YET}"))
