"""Whether the wall clock can be trusted: it must move as the monotonic clock does."""

from __future__ import annotations

from typing import Final

import msgspec

from config.instants import SECOND, Instant, instant_text

TOLERANCE_S: Final = 300
"""Time servers slew by less; a larger step is a jump. Months are closed by days, so five minutes harm nothing."""


class ClockWatch(msgspec.Struct, frozen=True):
    """The last look at both clocks, and by how much the wall clock has jumped since it was last trusted."""

    wall: Instant
    monotonic_s: float
    jumped: int = 0
    """Microseconds, positive forwards; within the tolerance the clock is trusted."""

    @property
    def trusted(self) -> bool:
        """Whether the clock may close a month on its own."""
        return abs(self.jumped) <= TOLERANCE_S * SECOND

    @property
    def reason(self) -> str:
        """What to tell the operator about a clock that is not trusted."""
        way = "forwards" if self.jumped > 0 else "backwards"
        return (
            f"the clock jumped {way} by {abs(self.jumped) // SECOND} s to {instant_text(self.wall)};"
            " set it right, or confirm it with the verb resume"
        )


def first_look(wall: Instant, monotonic_s: float, last_recorded_at: Instant | None) -> ClockWatch:
    """The watch at boot: a wall clock behind the journal's last event has jumped backwards."""
    jumped = 0 if last_recorded_at is None else min(0, wall - last_recorded_at)
    return ClockWatch(wall, monotonic_s, jumped)


def looked(watch: ClockWatch, wall: Instant, monotonic_s: float) -> ClockWatch:
    """The watch after another look. A jump that is undone restores trust."""
    passed = int((monotonic_s - watch.monotonic_s) * SECOND)
    slipped = (wall - watch.wall) - passed
    # What the tolerance covers is forgotten look by look, so that years of slewing never add up to a jump.
    jumped = watch.jumped + slipped
    return ClockWatch(wall, monotonic_s, jumped if abs(jumped) > TOLERANCE_S * SECOND else 0)


def confirmed(watch: ClockWatch) -> ClockWatch:
    """An operator says that the clock is right."""
    return ClockWatch(watch.wall, watch.monotonic_s)
