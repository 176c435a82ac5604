"""Trigger trees: `all` and `any` over conditions on a measured figure, and over what operators attest."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Final

import msgspec

FOR_MONTHS_MAX: Final = 36
"""Three years: a longer debounce is a typing error."""


class Metric(enum.Enum):
    """What a condition measures. A metric is added here on the day it works, not before."""

    REVENUE = "revenue"
    """The deciding measure of a closed month (`revenue.measure`)."""


class Comparison(enum.Enum):
    """How a figure is held against its threshold."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"
    BELOW = "below"


class Condition(msgspec.Struct, frozen=True, tag="condition"):
    """One comparison that must hold in `for_months` consecutive closed months."""

    metric: Metric
    comparison: Comparison
    threshold_micros: int
    for_months: int = 1


class Attested(msgspec.Struct, frozen=True, tag="attested"):
    """Holds while an operator attests this item of the plan's checklist."""

    item: str


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """Holds when every part holds."""

    parts: tuple[Condition | Attested | AllOf | AnyOf, ...]


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """Holds when at least one part holds."""

    parts: tuple[Condition | Attested | AllOf | AnyOf, ...]


Trigger = Condition | Attested | AllOf | AnyOf
FROM_BELOW: Final = frozenset({Comparison.AT_LEAST, Comparison.ABOVE})
"""The comparisons that bound a figure from below."""


def leaves(trigger: Trigger) -> Iterator[Condition | Attested]:
    """The conditions of a tree, in the order in which they were written."""
    if isinstance(trigger, Condition | Attested):
        yield trigger
    else:
        for part in trigger.parts:
            yield from leaves(part)


def items_of(trigger: Trigger | None) -> tuple[str, ...]:
    """The checklist items that a tree asks for, each once, in the order in which they were written."""
    found = (each.item for each in leaves(trigger) if isinstance(each, Attested)) if trigger is not None else ()
    return tuple(dict.fromkeys(found))


def bounds_micros(trigger: Trigger) -> tuple[int, ...]:
    """The different thresholds that bound the measure from below, lowest first."""
    bounded = (each for each in leaves(trigger) if isinstance(each, Condition) and each.comparison in FROM_BELOW)
    return tuple(sorted({each.threshold_micros for each in bounded}))


def with_minimum(trigger: Trigger, micros: int) -> Trigger:
    """The tree with every threshold that bounds the measure from below at `micros`."""
    if isinstance(trigger, Attested):
        return trigger
    if isinstance(trigger, Condition):
        bounded = trigger.comparison in FROM_BELOW
        return msgspec.structs.replace(trigger, threshold_micros=micros) if bounded else trigger
    return type(trigger)(tuple(with_minimum(part, micros) for part in trigger.parts))


def minimum_micros(trigger: Trigger) -> int | None:
    """The least measure at which the trigger can hold, its level's minimum; None where nothing bounds it from below.

    `all` needs its highest part, `any` is content with its lowest.
    """
    if isinstance(trigger, Attested):
        return None
    if isinstance(trigger, Condition):
        return trigger.threshold_micros if trigger.comparison in FROM_BELOW else None
    minima = [minimum_micros(part) for part in trigger.parts]
    known = [minimum for minimum in minima if minimum is not None]
    if isinstance(trigger, AllOf):
        return max(known, default=None)
    return min(known) if known and len(known) == len(minima) else None


def longest_for_months(trigger: Trigger) -> int:
    """The longest run of closed months that any condition of the tree asks for."""
    if isinstance(trigger, Condition):
        return trigger.for_months
    if isinstance(trigger, Attested):
        return 1
    return max((longest_for_months(part) for part in trigger.parts), default=1)
