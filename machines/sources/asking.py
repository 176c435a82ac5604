"""When a source is asked, and what of its answer cannot be true."""

from __future__ import annotations

from config.instants import SECOND, Instant, instant_text
from machines import breaker as breakers
from machines.breaker import Admission, Breaker
from machines.events import BreakerStatus
from machines.revenue.closing import watermark_fault

POSITION_CHARACTERS_MAX = 4_096
"""A position is written with every read that moves it."""


def admission_of(breaker: Breaker, now: Instant) -> Admission:
    """Whether the source may be asked now. It alone asks: a probe that was given up, as by a kill, is taken again."""
    return Admission.PROBE if breaker.status is BreakerStatus.HALF_OPEN else breakers.admission(breaker, now)


def reopens_in_s(breaker: Breaker, now: Instant) -> float:
    """Seconds until an open breaker lets a probe through."""
    return breakers.wait_micros(breaker, now) / SECOND


def answer_fault(before: str, position: str, through: Instant | None, *, more: bool, now: Instant) -> str | None:
    """Why an answer cannot be taken, as a sentence; None where it can."""
    if len(position) > POSITION_CHARACTERS_MAX:
        return f"its position has {len(position)} characters, more than the {POSITION_CHARACTERS_MAX} that are kept"
    if more and position == before:
        return "it says that there is more and stands where it stood: asking again would not come to an end"
    if through is not None and (fault := watermark_fault(through, now)) is not None:
        return f"it vouches for payments until {instant_text(through)}: {fault}"
    return None
