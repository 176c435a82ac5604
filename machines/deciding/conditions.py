"""Trigger trees held against one measure and what is attested, and against a run of closed months."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from config.triggers import FROM_BELOW, AllOf, Attested, Comparison, Condition, Trigger


class Progress(msgspec.Struct, frozen=True):
    """How far a trigger has come: the months met of those required, in the branch that decides."""

    months_met: int
    months_required: int
    unattested: tuple[str, ...] = ()
    """The checklist items that this branch lacks."""

    @property
    def confidence(self) -> Fraction:
        """min(1, met / required), exact (RESOLUTIONS 4); items have no share in it, but nothing is certain of one."""
        if self.months_required:
            return Fraction(self.months_met, self.months_required)
        return Fraction(0 if self.unattested else 1)

    @property
    def months_stand(self) -> bool:
        """Whether every required month is met."""
        return self.months_met >= self.months_required

    @property
    def satisfied(self) -> bool:
        """Whether every required month is met, and every item attested."""
        return self.months_stand and not self.unattested


def progress(trigger: Trigger, measures: Sequence[int], unattested: Collection[str] = ()) -> Progress:
    """How far the trigger is met by consecutive closed months, newest last, in micros, and by what is attested.

    Every condition counts its own streak. `all` is as far as its least certain part and lacks what any part lacks;
    `any` is as far as its most certain. Among equals `all` names the part that asks for most months, `any` the one
    that asks for fewest, and before it one that needs nobody's word.
    """
    if isinstance(trigger, Condition):
        required = max(trigger.for_months, 0)
        return Progress(_streak(trigger, measures, required), required)
    if isinstance(trigger, Attested):
        return Progress(0, 0, (trigger.item,) if trigger.item in unattested else ())
    parts = [progress(part, measures, unattested) for part in trigger.parts]
    if isinstance(trigger, AllOf):
        counted = [part for part in parts if part.months_required] or parts
        least = min(counted, key=lambda part: (part.confidence, -part.months_required), default=Progress(0, 0))
        lacking = tuple(dict.fromkeys(item for part in parts for item in part.unattested))
        return Progress(least.months_met, least.months_required, lacking)
    return max(parts, key=_certainty, default=Progress(0, 1))


def _certainty(part: Progress) -> tuple[bool, Fraction, bool, int]:
    return part.satisfied, part.confidence, not part.unattested, -part.months_required


def months_to_leave(trigger: Trigger | None) -> int:
    """How many closed months the level took to activate, hence how many it stays (RESOLUTIONS 6); at least 1.

    With `any` the longest branch counts: going down is never faster than going up.
    """
    if trigger is None or isinstance(trigger, Attested):
        return 1
    if isinstance(trigger, Condition):
        return max(trigger.for_months, 1)
    return max((months_to_leave(part) for part in trigger.parts), default=1)


def holds(trigger: Trigger, measure: int, hysteresis: Decimal = Decimal(0), unattested: Collection[str] = ()) -> bool:
    """Whether the tree, its durations left aside, is true of a measure in micros and of what is attested.

    Thresholds that bound from below are scaled by `1 - hysteresis`; the comparison is exact.
    """
    if isinstance(trigger, Condition):
        return _compared(trigger, measure, hysteresis)
    if isinstance(trigger, Attested):
        return trigger.item not in unattested
    if isinstance(trigger, AllOf):
        return all(holds(part, measure, hysteresis, unattested) for part in trigger.parts)
    return any(holds(part, measure, hysteresis, unattested) for part in trigger.parts)


def below_minimum(trigger: Trigger | None, measure: int, hysteresis: Decimal, unattested: Collection[str] = ()) -> bool:
    """Whether a month no longer carries the level (RESOLUTIONS 6); never for a level without a trigger."""
    return trigger is not None and not holds(trigger, measure, hysteresis, unattested)


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
    if hysteresis and comparison in FROM_BELOW:
        threshold = condition.threshold_micros * (1 - Fraction(hysteresis))
    if comparison is Comparison.AT_LEAST:
        return measure >= threshold
    if comparison is Comparison.ABOVE:
        return measure > threshold
    if comparison is Comparison.AT_MOST:
        return measure <= threshold
    return measure < threshold
