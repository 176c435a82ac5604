"""Which backups stay: the newest, and those of each hour, day, week and month, as far back as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from config.instants import Instant, datetime_from_instant
from config.settings.backup import BackupSettings

_Period = Callable[[datetime], Hashable]
_HOUR: Final[_Period] = lambda at: (at.date(), at.hour)  # noqa: E731 - four of a kind
_DAY: Final[_Period] = lambda at: at.date()  # noqa: E731 - one key each, side by side
_WEEK: Final[_Period] = lambda at: at.isocalendar()[:2]  # noqa: E731 - one key each, side by side
_MONTH: Final[_Period] = lambda at: (at.year, at.month)  # noqa: E731 - one key each, side by side


class Candidate(msgspec.Struct, frozen=True):
    """A backup of one journal, as far as it matters whether it stays."""

    name: str
    made_at: Instant
    epoch: int = 1
    last_sequence: int = 0


def kept(backups: Iterable[Candidate], settings: BackupSettings) -> frozenset[str]:
    """The names of the backups of one journal that stay; the newest of each epoch always does.

    Each epoch, a life of the journal between two restores, is judged by itself: what a restore left is in its own
    backups only. Within one, newer is what reaches further, whatever a clock said.
    """
    epochs: dict[int, list[Candidate]] = {}
    for each in backups:
        epochs.setdefault(each.epoch, []).append(each)
    return frozenset(name for group in epochs.values() for name in _kept(group, settings))


def _kept(group: Sequence[Candidate], settings: BackupSettings) -> set[str]:
    """Periods are counted where there is a backup: a machine that was off for a month loses none for it. Hours, days,
    weeks (from Monday) and months are those of UTC.
    """
    newest_first = sorted(group, key=lambda each: (each.last_sequence, each.made_at, each.name), reverse=True)
    stays = {each.name for each in newest_first[: settings.keep_newest]}
    for limit, period in (
        (settings.keep_hourly, _HOUR),
        (settings.keep_daily, _DAY),
        (settings.keep_weekly, _WEEK),
        (settings.keep_monthly, _MONTH),
    ):
        periods: dict[Hashable, str] = {}
        for each in newest_first:
            periods.setdefault(period(datetime_from_instant(each.made_at)), each.name)
        stays.update(list(periods.values())[:limit])
    return stays
