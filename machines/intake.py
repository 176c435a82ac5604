"""What a batch of stream entries is worth: the events and the payments to remember, computed in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from config.calendar import Calendar
from config.instants import Instant
from config.plan import Plan
from machines.events import (
    CountedPayment,
    EntryRejected,
    Event,
    FreezeChanged,
    MonthCorrected,
    PaymentsRecorded,
)
from machines.revenue.book import RevenueBook
from machines.revenue.classify import PaymentSeen, Verdict, classify, customer_hash
from machines.revenue.conversion import Conversion, NoRateError
from machines.revenue.payments import FieldError, Payment

RAW_CHARACTERS_MAX = 4096
"""How much of a rejected entry is kept to be read again."""


class Rejected(msgspec.Struct, frozen=True):
    """An entry that could not be read, or contradicts what is known."""

    entry_id: str
    field: str
    reason: str
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        """Without what was sent: a customer may be among it."""
        return f"Rejected({self.entry_id!r}, {self.field!r})"


class Read(msgspec.Struct, frozen=True, gc=False):
    """An entry that was read as a payment."""

    entry_id: str
    payment: Payment
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        """Without the fields as they were sent: the customer is among them."""
        return f"Read({self.entry_id!r}, {self.payment!r})"


class Taken(msgspec.Struct, frozen=True):
    """The events of a batch, and what is to be remembered of its payments, written in one transaction."""

    events: tuple[Event, ...]
    payments: tuple[PaymentSeen, ...]


def take_batch(
    *,
    stream: str,
    cursor: str,
    heard_at: Instant,
    reads: Sequence[Read],
    rejected: Sequence[Rejected],
    seen: Mapping[str, PaymentSeen],
    key: bytes,
    plan: Plan,
    conversion: Conversion,
    book: RevenueBook,
    calendar: Calendar,
) -> Taken:
    """Count what is to be counted and reject what is to be rejected; nothing disappears, nothing counts twice."""
    refused = list(rejected)
    remembered: dict[str, PaymentSeen] = {}
    counted: list[CountedPayment] = []
    duplicates = not_completed = converted = 0
    without_rate: NoRateError | None = None
    for read in reads:
        payment = read.payment
        verdict = classify(payment, remembered.get(payment.payment_id) or seen.get(payment.payment_id), key)
        if verdict.verdict is Verdict.DUPLICATE:
            duplicates += 1
            continue
        if verdict.verdict is Verdict.REJECTED:
            refused.append(Rejected(read.entry_id, verdict.field, verdict.reason, read.fields))
            continue
        if verdict.verdict is Verdict.COUNTED:
            try:
                counted.append(conversion.counted(payment))
            except FieldError as error:
                refused.append(Rejected(read.entry_id, error.field, str(error), read.fields))
                without_rate = error if isinstance(error, NoRateError) else without_rate
                continue
            converted += conversion.converts(payment)
        else:
            not_completed += 1
        if verdict.seen is not None:
            remembered[payment.payment_id] = verdict.seen
    corrections = _corrections(counted, book, calendar, plan)
    recorded = PaymentsRecorded(
        stream=stream,
        cursor=cursor,
        heard_at=heard_at,
        counted=tuple(counted),
        duplicates=duplicates,
        not_completed=not_completed,
        converted=converted,
        late=len({each.payment_id for each in corrections}),
    )
    events: list[Event] = [_rejection(stream, each, key) for each in refused]
    events.append(recorded)
    events.extend(corrections)
    if without_rate is not None:
        events.append(FreezeChanged("currency", frozen=True, reason=str(without_rate)))
    return Taken(tuple(events), tuple(remembered.values()))


def _corrections(
    counted: Sequence[CountedPayment], book: RevenueBook, calendar: Calendar, plan: Plan
) -> list[MonthCorrected]:
    """The late ones, each as its own visible line."""
    if book.closed_through is None:
        return []
    policy = plan.policies.revenue
    return [
        MonthCorrected(correction.month, payment.payment_id, correction.delta_micros)
        for payment in counted
        for correction in book.corrections(payment, calendar, policy)
    ]


def _rejection(stream: str, rejected: Rejected, key: bytes) -> EntryRejected:
    """The entry as it can be read again. Its customer is named by the keyed hash: the journal's chain cannot forget."""
    fields = {name[:RAW_CHARACTERS_MAX]: text[:RAW_CHARACTERS_MAX] for name, text in rejected.fields.items()}
    if "customer_id" in fields:
        fields["customer_id"] = f"hashed:{customer_hash(rejected.fields['customer_id'], key).hex()}"
    raw = msgspec.json.encode(fields).decode()[:RAW_CHARACTERS_MAX]
    return EntryRejected(stream, rejected.entry_id, rejected.field, rejected.reason, raw)
