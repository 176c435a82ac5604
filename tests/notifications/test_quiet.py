"""Quiet hours, over midnight and over the days on which clocks change."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from config.instants import instant_from_text, instant_text
from machines.notifying.quiet import quiet_hours, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")


def until(begin: str, end: str, now: str) -> str | None:
    """When quiet ends in Berlin, as text in its own time."""
    found = quiet_until(quiet_hours(begin, end), instant_from_text(now), BERLIN)
    return None if found is None else instant_text(found, BERLIN)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-10T21:59:59+01:00", None),
        ("2026-01-10T22:00:00+01:00", "2026-01-11T07:00:00+01:00"),
        ("2026-01-11T06:59:59+01:00", "2026-01-11T07:00:00+01:00"),
        ("2026-01-11T07:00:00+01:00", None),
        ("2026-01-11T12:00:00+01:00", None),
    ],
)
def test_a_night_begins_one_day_and_ends_the_next(now: str, expected: str | None) -> None:
    """The first moment is quiet, the last is not."""
    assert expected == until("22:00", "07:00", now)


def test_a_siesta_is_one_day() -> None:
    """Where it does not go over midnight."""
    assert "2026-01-10T15:00:00+01:00" == until("13:00", "15:00", "2026-01-10T14:00:00+01:00")
    assert until("13:00", "15:00", "2026-01-10T16:00:00+01:00") is None


def test_the_night_on_which_clocks_go_forward_ends_by_the_new_time() -> None:
    """An hour less of it."""
    assert "2026-03-29T07:00:00+02:00" == until("22:00", "07:00", "2026-03-28T23:00:00+01:00")


def test_the_night_on_which_clocks_go_back_ends_by_the_new_time() -> None:
    """An hour more of it; also in the hour that comes twice."""
    assert "2026-10-25T07:00:00+01:00" == until("22:00", "07:00", "2026-10-24T23:00:00+02:00")
    assert "2026-10-25T07:00:00+01:00" == until("22:00", "07:00", "2026-10-25T02:30:00+01:00")


def test_an_end_that_comes_twice_is_the_first() -> None:
    """In the second hour it is not quiet again."""
    assert "2026-10-25T02:30:00+02:00" == until("22:00", "02:30", "2026-10-25T02:15:00+02:00")
    assert until("22:00", "02:30", "2026-10-25T02:15:00+01:00") is None


def test_an_end_that_is_left_out_comes_as_much_later() -> None:
    """02:30 is not on that day: 03:30 by the new time is the same moment by the old one."""
    assert "2026-03-29T03:30:00+02:00" == until("22:00", "02:30", "2026-03-29T01:15:00+01:00")


@pytest.mark.parametrize(("begin", "end"), [("", ""), ("22:00", ""), ("07:00", "07:00")])
def test_without_two_times_it_is_never_quiet(begin: str, end: str) -> None:
    """Equal ones are no whole day."""
    assert until(begin, end, "2026-01-10T23:00:00+01:00") is None
