"""Which backups stay."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from config.instants import DAY, HOUR, Instant, datetime_from_instant, instant_from_datetime
from config.retention import kept
from config.settings import BackupSettings

NOON = instant_from_datetime(datetime(2026, 11, 20, 12, tzinfo=UTC))
MOMENTS = st.lists(st.integers(NOON - 800 * DAY, NOON), max_size=40)
LIMITS = st.builds(
    BackupSettings,
    keep_hourly=st.integers(0, 5),
    keep_daily=st.integers(0, 5),
    keep_weekly=st.integers(0, 5),
    keep_monthly=st.integers(0, 5),
)


def only(**limits: int) -> BackupSettings:
    """Settings that keep nothing but what is said."""
    return BackupSettings(**{"keep_hourly": 0, "keep_daily": 0, "keep_weekly": 0, "keep_monthly": 0} | limits)


@given(MOMENTS, LIMITS)
def test_the_newest_always_stays(moments: list[Instant], settings: BackupSettings) -> None:
    """Whatever the settings say, the newest backup is never let go."""
    assert {max(moments)} <= kept(moments, settings) if moments else kept(moments, settings) == frozenset()


@given(MOMENTS, LIMITS)
def test_no_more_stay_than_the_limits_add_up_to(moments: list[Instant], settings: BackupSettings) -> None:
    """The limits bound how many are kept, and nothing is kept that is not there."""
    stays = kept(moments, settings)
    limits = (settings.keep_hourly, settings.keep_daily, settings.keep_weekly, settings.keep_monthly)

    assert len(stays) <= max(1, sum(limits))
    assert stays <= set(moments)


@given(MOMENTS, LIMITS)
def test_letting_go_twice_changes_nothing(moments: list[Instant], settings: BackupSettings) -> None:
    """What stays, stays when it is asked again."""
    stays = kept(moments, settings)

    assert stays == kept(sorted(stays), settings)


@given(MOMENTS, LIMITS, st.integers(1, 30))
def test_a_new_backup_brings_nothing_back(moments: list[Instant], settings: BackupSettings, later: int) -> None:
    """Of what was let go, a newer backup makes nothing worth keeping."""
    newest = NOON + later * HOUR

    assert kept([*moments, newest], settings) - {newest} <= kept(moments, settings)


@given(MOMENTS)
def test_each_day_keeps_its_newest(moments: list[Instant]) -> None:
    """With enough days, exactly the last backup of each day stays."""
    days: dict[object, Instant] = {}
    for at in sorted(moments):
        days[datetime_from_instant(at).date()] = at

    assert frozenset(days.values()) == kept(moments, only(keep_daily=1_000))


def test_a_machine_that_was_off_loses_nothing() -> None:
    """Periods count where there is a backup, not by the calendar."""
    moments = [NOON, NOON - 100 * DAY, NOON - 200 * DAY]

    assert frozenset(moments) == kept(moments, only(keep_daily=3))
