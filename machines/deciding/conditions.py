"""Trigger trees held against one measure, and against a run of closed months."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from config.triggers import AllOf, Comparison, Condition, Trigger

_FROM_BELOW = frozenset({Comparison.AT_LEAST, Comparison.ABOVE})


class Progress(msgspec.Struct, frozen=True):
    """How far a trigger has come: the months met of those required, in the branch that decides."""

    months_met: int
    months_required: int

    @property
    def confidence(self) -> Fraction:
        """min(1, met / required), exact (RESOLUTIONS 4)."""
        return Fraction(self.months_met, self.months_required) if self.months_required else Fraction(1)

    @property
    def satisfied(self) -> bool:
        """Whether every required month is met."""
        return self.months_met >= self.months_required


def progress(trigger: Trigger, measures: Sequence[int]) -> Progress:
    """How far the trigger is met by consecutive closed months, newest last, in micros.

    Every condition counts its own streak. `all` is as far as its least certain part, `any` as its most certain;
    among equals `all` names the part that asks for most months, `any` the one that asks for fewest.
    """
    if isinstance(trigger, Condition):
        required = max(trigger.for_months, 0)
        return Progress(_streak(trigger, measures, required), required)
    parts = [progress(part, measures) for part in trigger.parts]
    if isinstance(trigger, AllOf):
        return min(parts, key=lambda part: (part.confidence, -part.months_required), default=Progress(0, 0))
    return max(parts, key=lambda part: (part.confidence, -part.months_required), default=Progress(0, 1))


def months_to_leave(trigger: Trigger | None) -> int:
    """How many closed months the level took to activate, hence how many it stays (RESOLUTIONS 6); at least 1.

    With `any` the longest branch counts: going down is never faster than going up.
    """
    if trigger is None:
        return 1
    if isinstance(trigger, Condition):
        return max(trigger.for_months, 1)
    return max((months_to_leave(part) for part in trigger.parts), default=1)


def holds(trigger: Trigger, measure: int, hysteresis: Decimal = Decimal(0)) -> bool:
    """Whether the tree, its durations left aside, is true of a measure in micros.

    Thresholds that bound from below are scaled by `1 - hysteresis`; the comparison is exact.
    """
    if isinstance(trigger, Condition):
        return _compared(trigger, measure, hysteresis)
    if isinstance(trigger, AllOf):
        return all(holds(part, measure, hysteresis) for part in trigger.parts)
    return any(holds(part, measure, hysteresis) for part in trigger.parts)


def below_minimum(trigger: Trigger | None, measure: int, hysteresis: Decimal) -> bool:
    """Whether a measure no longer carries the level (RESOLUTIONS 6); never for a level without a trigger."""
    return trigger is not None and not holds(trigger, measure, hysteresis)


def _streak(condition: Condition, measures: Sequence[int], months_max: int) -> int:
    """The newest consecutive months in which the condition held, counted up to `months_max`."""
    met = 0
    for measure in reversed(measures):
        if met == months_max or not _compared(condition, measure, Decimal(0)):
            break
        met += 1
    return met


def _compared(condition: Condition, measure: int, hysteresis: Decimal) -> bool:
    threshold: int | Fraction = condition.threshold_micros
    comparison = condition.comparison
    if hysteresis and comparison in _FROM_BELOW:
        threshold = condition.threshold_micros * (1 - Fraction(hysteresis))
    if comparison is Comparison.AT_LEAST:
        return measure >= threshold
    if comparison is Comparison.ABOVE:
        return measure > threshold
    if comparison is Comparison.AT_MOST:
        return measure <= threshold
    return measure < threshold
