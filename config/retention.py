"""Which backups stay: the newest of each hour, day, week and month, as far back as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Final

from config.instants import Instant, datetime_from_instant
from config.settings.backup import BackupSettings

_Period = Callable[[datetime], Hashable]
_HOUR: Final[_Period] = lambda at: (at.date(), at.hour)  # noqa: E731 - four of a kind
_DAY: Final[_Period] = lambda at: at.date()  # noqa: E731
_WEEK: Final[_Period] = lambda at: at.isocalendar()[:2]  # noqa: E731
_MONTH: Final[_Period] = lambda at: (at.year, at.month)  # noqa: E731


def kept(made_at: Sequence[Instant], settings: BackupSettings) -> frozenset[Instant]:
    """The moments whose backups stay; the newest always does.

    Periods are counted where there is a backup: a machine that was off for a month loses none for it. Hours, days,
    weeks (from Monday) and months are those of UTC.
    """
    newest_first = sorted(set(made_at), reverse=True)
    stays = set(newest_first[:1])
    for limit, period in (
        (settings.keep_hourly, _HOUR),
        (settings.keep_daily, _DAY),
        (settings.keep_weekly, _WEEK),
        (settings.keep_monthly, _MONTH),
    ):
        periods: dict[Hashable, Instant] = {}
        for at in newest_first:
            periods.setdefault(period(datetime_from_instant(at)), at)
        stays.update(list(periods.values())[:limit])
    return frozenset(stays)
