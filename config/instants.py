"""Instants: whole microseconds since 1970-01-01T00:00Z, and their text with a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

Instant = int
"""Microseconds since 1970-01-01T00:00:00Z. Fields of this type end in `_at`, `since`, `until` or `through`."""

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_OF_UTC: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - written with a Z, which is quicker than with its zone
_MICROSECOND: Final = timedelta(microseconds=1)


class InstantError(ValueError):
    """A text that names no instant; the message says what was expected."""


def instant_from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime; raises `InstantError` for one without a zone."""
    if moment.tzinfo is None:
        raise InstantError(f"expected a time with its zone, such as 2024-01-31T09:00:00Z, found {moment.isoformat()}")
    return (moment - _EPOCH) // _MICROSECOND


def instant_from_text(text: str) -> Instant:
    """The instant that an ISO-8601 text with a zone names; raises `InstantError` for any other text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(text) from None
    if not text.isascii():  # any character may stand between date and time, or as a seventh decimal
        raise _unreadable(text)
    return instant_from_datetime(moment)


def _unreadable(text: str) -> InstantError:
    return InstantError(f"expected an ISO-8601 time with its zone, such as 2024-01-31T09:00:00Z, found {text[:64]!r}")


def datetime_from_instant(instant: Instant, zone: tzinfo = UTC) -> datetime:
    """The instant as an aware datetime of `zone`."""
    moment = _EPOCH + timedelta(microseconds=instant)
    return moment if zone is UTC else moment.astimezone(zone)


def instant_text(instant: Instant, zone: tzinfo = UTC) -> str:
    """The instant as ISO-8601 with its zone, `2024-01-31T09:00:00Z` in UTC."""
    if zone is UTC:
        return f"{(_EPOCH_OF_UTC + timedelta(microseconds=instant)).isoformat()}Z"
    text = datetime_from_instant(instant, zone).isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
