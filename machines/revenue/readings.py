"""Readings: a value with an as-of time and a quality. Unknown is not zero (ARCHITECTURE 6)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from config.instants import HOUR, Instant, instant_text
from config.money import amount_text
from config.policies import RevenuePolicy


class Quality(enum.Enum):
    """Whether a reading can be trusted, and if not, why. Anything but good freezes upgrades and downgrades."""

    GOOD = "good"
    SILENT = "silent"
    """Nothing was received from the source for longer than `silence_max_hours`, or never."""
    IMPLAUSIBLE = "implausible"
    """The value fell by more than `fall_max`; a close or a watermark confirms it."""
    CLOCK = "clock"
    """The clock cannot be trusted, or the value cannot be computed at its time."""


class Reading(msgspec.Struct, frozen=True):
    """The last value that could be trusted, when it was so, and whether it still is.

    `value_micros` and `as_of` are None while no reading was ever good: unknown, not zero. With a quality other than
    good they are those of the last good reading, and `reason` says in a sentence what is wrong with the present.
    """

    value_micros: int | None
    as_of: Instant | None
    quality: Quality
    reason: str = ""
    peak_micros: int | None = None
    """The highest good value since the last confirmation: a slow drain is a fall too."""


NAMES_MAX: Final = 5
UNKNOWN: Final = Reading(None, None, Quality.SILENT, "nothing was received from the source yet")
"""What is known before the first reading."""


def judge(
    previous: Reading,
    value_micros: int | None,
    *,
    now: Instant,
    heard_at: Instant | None,
    behind: Sequence[str] = (),
    clock_trusted: bool,
    confirmed: bool,
    policy: RevenuePolicy,
) -> Reading:
    """The reading at `now`, given the one before.

    `value_micros` is None where it cannot be computed (`RevenueBook.trailing_micros`). `heard_at` is when anything was
    last received from the source; of several sources, `behind` names those that it hangs on. `confirmed` is true for
    the judgement that follows a close or a watermark: it takes whatever value there is (RESOLUTIONS 3, `fall_max`).
    """
    if not clock_trusted or value_micros is None:
        return _held(previous, Quality.CLOCK, f"the clock says {instant_text(now)}, which cannot be trusted")
    if heard_at is None:
        return _held(previous, Quality.SILENT, _never_heard(behind))
    if now - heard_at > policy.silence_max_hours * HOUR:
        whose = f" from {_joined(behind)}" if behind else ""
        since = f"{instant_text(heard_at)}, longer than {policy.silence_max_hours} hours"
        reason = f"nothing was received{whose} since {since}"
        return _held(previous, Quality.SILENT, reason)
    peak = previous.peak_micros
    if confirmed or peak is None:
        return Reading(value_micros, now, Quality.GOOD, peak_micros=value_micros)
    if is_implausible_fall(peak, value_micros, policy):
        return _held(previous, Quality.IMPLAUSIBLE, fall_text(peak, value_micros, policy))
    return Reading(value_micros, now, Quality.GOOD, peak_micros=max(peak, value_micros))


def is_implausible_fall(before_micros: int, after_micros: int, policy: RevenuePolicy) -> bool:
    """Whether the fall, as a share of a value above 0, is strictly larger than `fall_max`; exact."""
    if before_micros <= 0:
        return False
    numerator, denominator = policy.fall_max.as_integer_ratio()
    return (before_micros - after_micros) * denominator > numerator * before_micros


def fall_text(before_micros: int, after_micros: int, policy: RevenuePolicy) -> str:
    """What an implausible fall says to an operator, and what ends it."""
    return (
        f"fell from {amount_text(before_micros)} to {amount_text(after_micros)}, more than `revenue.fall_max` "
        f"{policy.fall_max} allows; a watermark confirms it"
    )


def _never_heard(behind: Sequence[str]) -> str:
    if not behind:
        return UNKNOWN.reason
    which = f"{_joined(behind)} {'was' if len(behind) == 1 else 'were'} never heard"
    return f"{which}: what is known reaches only as far as every source was heard"


def _joined(names: Sequence[str]) -> str:
    """`till`; `shop, till and 3 more`: a sentence stays one."""
    shown = [*names[:NAMES_MAX], f"{len(names) - NAMES_MAX} more"] if len(names) > NAMES_MAX else names
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _held(previous: Reading, quality: Quality, reason: str) -> Reading:
    return Reading(previous.value_micros, previous.as_of, quality, reason, previous.peak_micros)
