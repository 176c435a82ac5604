"""Entries of a payment stream: read, or rejected with the field; nothing counts that was not read."""

from __future__ import annotations

from typing import Final

from config.calendar import calendar_of
from machines.event_codec import decode_event, encode_event
from machines.events import EntryRejected, PaymentsRecorded
from machines.intake import Read, Rejected, take_batch
from machines.revenue.book import RevenueBook
from machines.revenue.conversion import Conversion
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader, watermark_from_fields
from tests.fuzzing.target import Answer, Target, require_told
from tests.fuzzing.targets import fields
from tests.machines.histories import NOW, SHOP

GOOD: Final = {
    "payment_id": "p-1",
    "customer_id": "c-1",
    "amount": "49.90",
    "currency": "EUR",
    "status": "completed",
    "created_at": "2024-05-17T09:00:00Z",
    "kind": "payment",
}
_DOCUMENTS: Final = tuple(
    fields.written(each)
    for each in (
        GOOD,
        {**GOOD, "kind": "refund", "interval": "one_off", "stream": "shop"},
        {**GOOD, "amount": "0.000001", "interval": "year", "created_at": "2024-02-29T23:59:59.999999+14:00"},
        {"watermark": "2024-06-01T00:00:00Z"},
        {**GOOD, "currency": "JPY"},
    )
)
_READER: Final = PaymentReader()


def check(data: bytes) -> Answer:
    """One entry, alone in its batch."""
    entry = fields.read(data)
    reads: list[Read] = []
    rejected: list[Rejected] = []
    try:
        if watermark_from_fields(entry) is not None:
            return Answer("taken")
        reads.append(Read("1-1", _READER.read_fields(entry), entry))
    except FieldError as error:
        rejected.append(_rejected(error, entry))
    taken = take_batch(
        stream="payments",
        cursor="1-1",
        heard_at=NOW,
        reads=reads,
        rejected=rejected,
        seen={},
        key=b"key",
        plan=SHOP,
        conversion=Conversion(SHOP.currency, SHOP.rates),
        book=RevenueBook(),
        calendar=calendar_of("UTC"),
    )
    for event in taken.events:
        encoded = encode_event(event)
        assert event == decode_event(encoded.name, encoded.version, encoded.data)
    recorded = next(each for each in taken.events if isinstance(each, PaymentsRecorded))
    refusals = [each for each in taken.events if isinstance(each, EntryRejected)]
    assert len(recorded.counted) + recorded.not_completed + len(refusals) == 1, "an entry has exactly one outcome"
    for each in refusals:
        require_told(each.reason)
        assert each.field
        assert each.field.isprintable()
    return Answer("rejected" if refusals else "taken")


def _rejected(error: FieldError, entry: dict[str, str]) -> Rejected:
    require_told(str(error))
    return Rejected("1-1", error.field, str(error), entry)


TARGET: Final = Target("payments", _DOCUMENTS, check, share=40, examples=80)
