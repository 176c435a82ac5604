"""Payments, and the months that they close."""

from __future__ import annotations

import msgspec

from config.calendar import Month
from config.instants import Instant
from machines.events.base import EventStruct
from machines.revenue.payments import Interval, Kind


class CountedPayment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A payment as it counts: micros of the plan's currency, positive, with its own date."""

    payment_id: str
    kind: Kind
    amount_micros: int
    created_at: Instant
    interval: Interval


class PaymentsRecorded(EventStruct, frozen=True):
    """What one read of a stream brought. The position moves with the effect."""

    stream: str
    cursor: str
    heard_at: Instant
    counted: tuple[CountedPayment, ...] = ()
    duplicates: int = 0
    not_completed: int = 0
    converted: int = 0
    """How many of `counted` came in another currency and were converted at a dated rate."""
    late: int = 0
    """How many of `counted` belong to a month already closed: corrections."""


class EntryRejected(EventStruct, frozen=True):
    """An entry or row that could not be taken, kept whole enough to be read again in `solvent:rejected`."""

    stream: str
    entry_id: str
    field: str
    reason: str
    raw: str


class WatermarkReached(EventStruct, frozen=True):
    """The source says that all payments before `through` have been sent."""

    stream: str
    cursor: str
    through: Instant
    heard_at: Instant


class MonthClosed(EventStruct, frozen=True):
    """A month became a fact. `by` is `watermark` or `time`; the figures are those of the fold at that moment."""

    month: Month
    by: str
    revenue_micros: int
    trailing_micros: int
    revenue_all_micros: int
    revenue_committed_micros: int


class MonthCorrected(EventStruct, frozen=True):
    """A payment arrived after its month had closed: counted for later decisions, never re-deciding a past one."""

    month: Month
    payment_id: str
    delta_micros: int


class RevenueMeasured(EventStruct, frozen=True):
    """The live gauge called MRR, with the running month beside it. `quality` is `good` or why it is not.

    With another quality the figures are those of the last good reading, taken at `as_of`.
    """

    as_of: Instant
    mrr_micros: int
    mrr_committed_micros: int
    month: Month
    month_to_date_micros: int
    quality: str
    reason: str = ""
    peak_micros: int | None = None
    """The highest good value since the last confirmation: a slow drain is a fall too."""
