"""The closed months as debounce sees them: consecutive measures, newest last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from config.calendar import Month
from config.plan import Level
from config.policies import Measure
from machines.deciding.conditions import Progress, progress
from machines.deciding.facts import ClosedMonth


class History(msgspec.Struct, frozen=True):
    """The deciding measures of the newest consecutive closed months, in micros; `through` is the newest month."""

    through: Month
    measures: tuple[int, ...]
    lacked: tuple[tuple[str, ...], ...] = ()
    """The items that were not attested at the newest closes, newest last; none are known to have lacked before."""

    @property
    def unattested(self) -> tuple[str, ...]:
        """The items that are not attested at this close."""
        return self.lacked[-1] if self.lacked else ()

    def lacked_in(self, months_ago: int) -> tuple[str, ...]:
        """The items that were not attested at an earlier close; 0 is this one."""
        return self.lacked[-1 - months_ago] if months_ago < len(self.lacked) else ()

    @property
    def current(self) -> int:
        """The measure of the month just closed."""
        return self.measures[-1]

    def since(self, month: Month | None) -> tuple[int, ...]:
        """The measures of the months from `month` on; all of them for None."""
        if month is None:
            return self.measures
        count = max(0, min(len(self.measures), self.through - month + 1))
        return self.measures[len(self.measures) - count :]

    def last(self, months: int) -> tuple[int, ...]:
        """The newest so many measures, fewer where fewer exist."""
        return self.measures[-months:] if months > 0 else ()


def history_of(months: Sequence[ClosedMonth], measure: Measure, lacked: tuple[tuple[str, ...], ...] = ()) -> History:
    """The history that decides; a month missing between two breaks it, for a streak is of consecutive months."""
    trailing = measure is Measure.TRAILING_30D
    measures: list[int] = []
    expected = months[-1].month
    for closed in reversed(months):
        if closed.month != expected:
            break
        measures.append(closed.trailing_micros if trailing else closed.revenue_micros)
        expected -= 1
    return History(months[-1].month, tuple(reversed(measures)), lacked)


def debounce(level: Level, history: History, since: Month | None) -> Progress:
    """How far the level's debounce is met, counting only months from `since` on (RESOLUTIONS 4 and 6)."""
    if level.trigger is None:
        return Progress(0, 0)
    return progress(level.trigger, history.since(since), history.unattested)


def held(level: Level, history: History) -> bool:
    """Whether the level's hold tree asks to wait (ARCHITECTURE 7)."""
    return level.hold is not None and progress(level.hold, history.measures, history.unattested).satisfied


def streak(history: History, fails: Callable[[int, tuple[str, ...]], bool], months_max: int) -> int:
    """The newest consecutive closes that fail by their measure and what was not attested, up to `months_max`."""
    failed = 0
    for measure in reversed(history.measures):
        if failed == months_max or not fails(measure, history.lacked_in(failed)):
            break
        failed += 1
    return failed
