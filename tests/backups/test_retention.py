"""Which backups stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, HOUR, MINUTE, Instant, datetime_from_instant, instant_from_datetime
from config.retention import Candidate, kept
from config.settings import BackupSettings

NOON = instant_from_datetime(datetime(2026, 11, 20, 12, tzinfo=UTC))
MOMENTS = st.lists(st.integers(NOON - 800 * DAY, NOON), max_size=40)
LIMITS = st.builds(
    BackupSettings,
    keep_newest=st.integers(1, 5),
    keep_hourly=st.integers(0, 5),
    keep_daily=st.integers(0, 5),
    keep_weekly=st.integers(0, 5),
    keep_monthly=st.integers(0, 5),
)


def only(**limits: int) -> BackupSettings:
    """Settings that keep nothing but the newest and what is said."""
    nothing = {"keep_newest": 1, "keep_hourly": 0, "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0}
    return BackupSettings(**nothing | limits)


def kept_of(moments: Sequence[Instant], settings: BackupSettings) -> frozenset[Instant]:
    """The moments that stay of backups of one epoch."""
    return frozenset(int(name) for name in kept([Candidate(str(at), at) for at in sorted(set(moments))], settings))


@given(MOMENTS, LIMITS)
def test_the_newest_always_stay(moments: list[Instant], settings: BackupSettings) -> None:
    """Whatever else the settings say, the newest `keep_newest` backups are never let go."""
    newest = sorted(set(moments), reverse=True)[: settings.keep_newest]

    assert set(newest) <= kept_of(moments, settings)


@given(MOMENTS, LIMITS)
def test_no_more_stay_than_the_limits_add_up_to(moments: list[Instant], settings: BackupSettings) -> None:
    """The limits bound how many are kept, and nothing is kept that is not there."""
    stays = kept_of(moments, settings)
    limits = (settings.keep_hourly, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)

    assert len(stays) <= settings.keep_newest + sum(limits)
    assert stays <= set(moments)


@given(MOMENTS, LIMITS)
def test_letting_go_twice_changes_nothing(moments: list[Instant], settings: BackupSettings) -> None:
    """What stays, stays when it is asked again."""
    stays = kept_of(moments, settings)

    assert stays == kept_of(sorted(stays), settings)


@given(MOMENTS, LIMITS, st.integers(1, 30))
def test_a_new_backup_brings_nothing_back(moments: list[Instant], settings: BackupSettings, later: int) -> None:
    """Of what was let go, a newer backup makes nothing worth keeping."""
    newest = NOON + later * HOUR

    assert kept_of([*moments, newest], settings) - {newest} <= kept_of(moments, settings)


@given(MOMENTS)
def test_each_day_keeps_its_newest(moments: list[Instant]) -> None:
    """With enough days, exactly the last backup of each day stays."""
    days: dict[object, Instant] = {}
    for at in sorted(moments):
        days[datetime_from_instant(at).date()] = at

    assert frozenset(days.values()) == kept_of(moments, only(keep_daily=1_000))


def test_a_machine_that_was_off_loses_nothing() -> None:
    """Periods count where there is a backup, not by the calendar."""
    moments = [NOON, NOON - 100 * DAY, NOON - 200 * DAY]

    assert frozenset(moments) == kept_of(moments, only(keep_daily=3))


def test_a_restore_lets_nothing_go_of_the_life_that_was_left() -> None:
    """The newest of an older epoch stays, in the same hour and ever after."""
    left = [Candidate("old", NOON, 1, 10), Candidate("left", NOON + MINUTE, 1, 20)]
    after = [Candidate(f"after {number}", NOON + number * MINUTE, 2, 5 + number) for number in range(2, 9)]

    assert {"left", "after 8"} == kept([*left, *after], only(keep_hourly=1))


def test_a_wrong_clock_makes_nothing_newer() -> None:
    """What reaches further is newer: a date in the future does not push it out."""
    ahead, present = Candidate("ahead", NOON + 900 * DAY, 1, 10), Candidate("present", NOON, 1, 11)

    assert {"present"} == kept([ahead, present], only())
