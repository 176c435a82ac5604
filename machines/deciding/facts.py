"""What is known when deciding, and what a decision says."""

from __future__ import annotations

import enum
from fractions import Fraction

import msgspec

from config.calendar import Month
from config.instants import Instant


class ClosedMonth(msgspec.Struct, frozen=True, gc=False):
    """A closed month's figures in micros of the plan's currency, by the plan's `net`, `basis` and `take_rate`.

    Corrections that arrived after the close are included: they count for later decisions.
    """

    month: Month
    revenue_micros: int
    trailing_micros: int
    """The sum over the 720 hours before the month's end (RESOLUTIONS 11)."""


class DecidedState(msgspec.Struct, frozen=True):
    """What earlier decisions left behind; folded from the journal."""

    level: int = 0
    decided_through: Month | None = None
    """The last month whose close was decided."""
    debounce_from: Month | None = None
    """After a daily rollback only months from this one on count towards activation (RESOLUTIONS 6)."""
    partial: tuple[str, ...] = ()
    """Components of the next level that were enabled alone (`activation.partial`)."""
    lacked: tuple[tuple[str, ...], ...] = ()
    """The checklist items that were not attested at the newest closes, newest last; () where none ever lacked."""


class Direction(enum.Enum):
    """Where a decision moves the level."""

    STAY = "stay"
    UP = "up"
    DOWN = "down"


class Blocked(msgspec.Struct, frozen=True):
    """A level whose debounce is met and whose ratio (or hold) fails."""

    level: int
    reason: str
    missing_micros: int
    """cost / ratio_max - the lowest measure tested, rounded up to the micro (RESOLUTIONS 2); 0 for a hold."""


class LevelExplanation(msgspec.Struct, frozen=True):
    """One level's side of a decision: what was required, measured, missing, and by when."""

    level: int
    months_met: int
    months_required: int
    confidence_numerator: int
    confidence_denominator: int
    minimum_micros: int | None
    lowest_tested_micros: int | None
    cost_micros: int | None
    ratio_holds: bool
    text: str
    """A sentence for people."""
    unattested: tuple[str, ...] = ()
    """The checklist items that the level lacks."""

    @property
    def confidence(self) -> Fraction:
        """The share of required months met, exact."""
        return Fraction(self.confidence_numerator, self.confidence_denominator)


class Decision(msgspec.Struct, frozen=True):
    """What was decided at one close (or, with `rollback.after: daily`, at one day's end)."""

    month: Month
    """The month just closed; for a daily judgement the running month."""
    at: Instant
    """The close: the month's or the day's end."""
    daily: bool
    level_before: int
    level: int
    direction: Direction
    eligible: tuple[int, ...]
    """All levels above 0 whose debounce is met and whose ratio holds."""
    blocked: tuple[Blocked, ...]
    measure_micros: int
    committed_cost_micros: int
    """The monthly cost of what the decided level (and `partial`) enables."""
    cap_micros: int | None
    """min(max burn, ratio_max x the lowest measure tested) of the decided level; None on the floor (ARCHITECTURE 8)."""
    cause: str
    """Why in a few words: `debounce met: 2 of 2 months`, `hard ratio`, `below minimum`, `brake`, `stay`,
    `not attested: <items>`."""
    explanation: tuple[LevelExplanation, ...]
    partial: tuple[str, ...] = ()
    prewarm: tuple[str, ...] = ()
    debounce_from: Month | None = None
    unattested: tuple[str, ...] = ()
    """The items of the plan's checklist that nobody attested at this close."""
