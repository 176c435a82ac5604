"""Readings: unknown is never zero, and an implausible fall waits for a confirmation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, HOUR
from config.policies import RevenuePolicy
from machines.revenue.readings import UNKNOWN, Quality, Reading, is_implausible_fall, judge
from tests.revenue.payment_values import at

NOW = at("2024-03-01T00:00:00Z")
POLICY = RevenuePolicy()


def judged(previous: Reading, value: int | None, **changes: Any) -> Reading:
    """The next reading, a minute after something was heard, with changes."""
    facts: dict[str, Any] = {"now": NOW, "heard_at": NOW - 60, "clock_trusted": True, "confirmed": False}
    return judge(previous, value, **(facts | changes), policy=POLICY)


def test_the_first_value_is_good() -> None:
    """There is nothing to hold it against."""
    assert Reading(0, NOW, Quality.GOOD, peak_micros=0) == judged(UNKNOWN, 0)


def test_before_anything_was_heard_the_value_is_unknown() -> None:
    """Not zero, although the book's sum is 0."""
    reading = judged(UNKNOWN, 0, heard_at=None)

    assert (None, None, Quality.SILENT) == (reading.value_micros, reading.as_of, reading.quality)


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ((), "nothing was received from the source yet"),
        (("till",), "till was never heard: what is known reaches only as far as every source was heard"),
        (("a", "b"), "a and b were never heard"),
        (tuple("abcdefg"), "a, b, c, d, e and 2 more were never heard"),
    ],
)
def test_a_silence_names_the_sources_that_it_hangs_on(behind: tuple[str, ...], said: str) -> None:
    """Another source may well have delivered."""
    assert judged(UNKNOWN, 0, heard_at=None, behind=behind).reason.startswith(said)


def test_a_source_that_fell_silent_is_named() -> None:
    """With the time at which it was last heard."""
    reading = judged(UNKNOWN, 0, now=NOW + 36 * DAY, heard_at=NOW, behind=("till",))

    assert reading.reason.startswith("nothing was received from till since ")


def test_silence_keeps_the_last_good_value_with_its_time() -> None:
    """35 days are allowed exactly; a microsecond more is silence."""
    good = judged(UNKNOWN, 100)
    later = NOW + 36 * DAY
    still = judged(good, 0, now=later, heard_at=later - 840 * HOUR, confirmed=True)
    silent = judged(good, 0, now=later, heard_at=later - 840 * HOUR - 1)

    assert Quality.GOOD is still.quality
    assert (100, NOW, Quality.SILENT) == (silent.value_micros, silent.as_of, silent.quality)
    assert "longer than 840 hours" in silent.reason


@pytest.mark.parametrize(("value", "trusted"), [(50, False), (None, True)])
def test_an_untrusted_clock_or_an_unknown_window_holds_the_reading(value: int | None, trusted: bool) -> None:
    """The last good value stays; the quality says that it is not of now."""
    reading = judged(judged(UNKNOWN, 100), value, now=NOW + DAY, clock_trusted=trusted, confirmed=True)

    assert (100, NOW, Quality.CLOCK) == (reading.value_micros, reading.as_of, reading.quality)


def test_a_fall_of_exactly_the_bound_is_plausible() -> None:
    """Half is allowed, a micro less is not."""
    good = judged(UNKNOWN, 100)

    assert Quality.GOOD is judged(good, 50).quality
    assert Quality.IMPLAUSIBLE is judged(good, 49).quality


def test_an_implausible_fall_is_held_until_confirmed() -> None:
    """The held value stays the last good one; a close or a watermark takes the new one."""
    good = judged(UNKNOWN, 100)
    held = judged(good, 10, now=NOW + 1)
    again = judged(held, 10, now=NOW + 2)
    confirmed = judged(again, 10, now=NOW + 3, confirmed=True)

    assert (100, NOW, Quality.IMPLAUSIBLE) == (again.value_micros, again.as_of, again.quality)
    assert "a watermark confirms it" in again.reason
    assert Reading(10, NOW + 3, Quality.GOOD, peak_micros=10) == confirmed


def test_a_slow_drain_is_a_fall_too() -> None:
    """A dead source empties the window payment by payment; the fall is measured from the highest value."""
    reading = judged(UNKNOWN, 100)
    for value in (90, 80, 70, 60, 50, 40):
        reading = judged(reading, value)

    assert (50, Quality.IMPLAUSIBLE) == (reading.value_micros, reading.quality)


def test_a_held_reading_recovers_by_itself() -> None:
    """When the value comes back, nobody needs to confirm it."""
    held = judged(judged(UNKNOWN, 100), 10)

    assert (90, Quality.GOOD) == (judged(held, 90).value_micros, judged(held, 90).quality)


def test_nothing_is_implausible_after_zero_or_less() -> None:
    """A fall is a share of a value above 0."""
    assert not is_implausible_fall(0, -100, POLICY)
    assert not is_implausible_fall(-5, -100, POLICY)


@given(before=st.integers(1, 10**12), after=st.integers(-(10**12), 10**12), bound=st.decimals(0, 1, places=3))
def test_the_fall_is_exact(before: int, after: int, bound: Decimal) -> None:
    """The comparison equals the one in decimals, without a rounding between."""
    expected = Decimal(before - after) > bound * before

    assert expected == is_implausible_fall(before, after, RevenuePolicy(fall_max=bound))
