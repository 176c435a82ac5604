"""Trigger trees: `all` and `any` over conditions on a measured figure."""

from __future__ import annotations

import enum

import msgspec


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


class AllOf(msgspec.Struct, frozen=True, tag="all"):
    """Holds when every part holds."""

    parts: tuple[Condition | AllOf | AnyOf, ...]


class AnyOf(msgspec.Struct, frozen=True, tag="any"):
    """Holds when at least one part holds."""

    parts: tuple[Condition | AllOf | AnyOf, ...]


Trigger = Condition | AllOf | AnyOf


def minimum_micros(trigger: Trigger) -> int | None:
    """The least measure at which the trigger can hold, its level's minimum; None where nothing bounds it from below.

    `all` needs its highest part, `any` is content with its lowest.
    """
    if isinstance(trigger, Condition):
        bounded = trigger.comparison in (Comparison.AT_LEAST, Comparison.ABOVE)
        return trigger.threshold_micros if bounded else None
    minima = [minimum_micros(part) for part in trigger.parts]
    known = [minimum for minimum in minima if minimum is not None]
    if isinstance(trigger, AllOf):
        return max(known, default=None)
    return min(known) if known and len(known) == len(minima) else None


def longest_for_months(trigger: Trigger) -> int:
    """The longest run of closed months that any condition of the tree asks for."""
    if isinstance(trigger, Condition):
        return trigger.for_months
    return max((longest_for_months(part) for part in trigger.parts), default=1)
