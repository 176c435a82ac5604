"""What a payment row is, given what is remembered of its id: counted, a duplicate, not completed, or refused.

A payment id is counted once, however often it is delivered, in whatever order (ARCHITECTURE 4, I5). The caller keeps a
`PaymentSeen` per id and hands it in; nothing here keeps state, except `PaymentMemory` for a run without a journal.
"""

from __future__ import annotations

import enum
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Final

import msgspec

from config.instants import Instant, instant_text
from config.money import amount_text
from machines.events.revenue import CountedPayment
from machines.revenue.payments import COMPLETED, Interval, Kind, Payment

KEY_BYTES_MAX: Final = 64
"""The longest key that BLAKE2b takes."""
CUSTOMER_HASH_BYTES: Final = 16
_TEXT_HASH_BYTES: Final = 4
_LAYOUT: Final = Struct(">qq3sBB4s4s")
"""Amount, date, currency, kind, interval, status, stream: exact where it is short, hashed where it may be long."""
FINGERPRINT_BYTES: Final = _LAYOUT.size
_KINDS: Final = tuple(Kind)
_INTERVALS: Final = tuple(Interval)
_FIELDS: Final = ("amount", "created_at", "currency", "kind", "interval", "status", "stream")


class PaymentSeen(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of a payment id: enough to tell a repetition from a contradiction.

    Kept outside the hash chain, because `customer_hash` must be forgettable; an emptied one matches every customer.
    """

    payment_id: str
    fingerprint: bytes
    counted: bool
    customer_hash: bytes = b""


class Verdict(enum.Enum):
    """What becomes of a row."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    NOT_COMPLETED = "not_completed"
    REJECTED = "rejected"


class Classified(msgspec.Struct, frozen=True, gc=False):
    """A verdict on one row. `seen` is what to remember from now on; None leaves what is remembered as it is.

    A rejected row names the `field` that contradicts the first statement, and says so in `reason`.
    """

    verdict: Verdict
    seen: PaymentSeen | None = None
    field: str = ""
    reason: str = ""


_COUNTED: Final = Classified(Verdict.COUNTED)
_DUPLICATE: Final = Classified(Verdict.DUPLICATE)
_NOT_COMPLETED: Final = Classified(Verdict.NOT_COMPLETED)


def classify(payment: Payment, seen: PaymentSeen | None, key: bytes) -> Classified:
    """The verdict on a payment whose id was seen as `seen` (None: never).

    `key` is the secret of the journal (at most `KEY_BYTES_MAX` bytes), the same for every payment of one journal.
    The same id again: identical is a duplicate; completed after not completed is counted with this row's time and
    amount; another one that is not completed counts nothing, in whatever order it arrives; any other difference is
    rejected and the first stands. Several rows of one read must see each other's `seen`. A counted payment that then
    finds no rate (`NoRateError`) must not be remembered.
    """
    completed = payment.status == COMPLETED
    if seen is not None and not (completed and not seen.counted):
        compared = _compared(payment, seen, key)
        return compared if completed or compared.verdict is Verdict.DUPLICATE else _NOT_COMPLETED
    return Classified(Verdict.COUNTED if completed else Verdict.NOT_COMPLETED, remembered(payment, key))


def remembered(payment: Payment, key: bytes) -> PaymentSeen:
    """What is to be remembered of a payment that was counted or not completed."""
    counted = payment.status == COMPLETED
    return PaymentSeen(payment.payment_id, fingerprint(payment, key), counted, customer_hash(payment.customer_id, key))


def fingerprint(payment: Payment, key: bytes) -> bytes:
    """All normalised fields but the customer in `FINGERPRINT_BYTES` bytes; the same bytes in every process.

    Fixed places per field, so that a contradiction can name its field and the first value.
    """
    return _LAYOUT.pack(
        payment.amount_micros,
        payment.created_at,
        payment.currency.encode(),
        0 if payment.kind is Kind.PAYMENT else 1,
        _interval_code(payment.interval),
        _text_hash(payment.status, key),
        _text_hash(payment.stream, key),
    )


def customer_hash(customer_id: str, key: bytes) -> bytes:
    """The keyed hash under which a customer is remembered: `CUSTOMER_HASH_BYTES` bytes.

    Worked out anew each time. It takes a microsecond; kept, it would take 400 bytes for each customer who ever paid,
    and would keep the ids of those who were forgotten.
    """
    return blake2b(customer_id.encode(), digest_size=CUSTOMER_HASH_BYTES, key=key).digest()


def unlike(seen: PaymentSeen, counted: CountedPayment, converted: bool, key: bytes) -> str:
    """How what is remembered of a counted payment differs from what the journal counted; empty where it does not.

    The amount is compared unless it was `converted`. The customer, the currency and the stream cannot be held against
    anything.
    """
    if len(seen.fingerprint) != FINGERPRINT_BYTES:
        return f"its fingerprint has {len(seen.fingerprint)} bytes instead of {FINGERPRINT_BYTES}"
    amount, created_at, _, kind, interval, status, _ = _LAYOUT.unpack(seen.fingerprint)
    compared = (
        ("amount", amount, amount if converted else counted.amount_micros),
        ("created_at", created_at, counted.created_at),
        ("kind", kind, 0 if counted.kind is Kind.PAYMENT else 1),
        ("interval", interval, _interval_code(counted.interval)),
        ("status", status, _text_hash(COMPLETED, key)),
    )
    differing = [name for name, found, wanted in compared if found != wanted]
    return f"its fingerprint is not that of the counted payment: {', '.join(differing)}" if differing else ""


class PaymentMemory:
    """All payments of one run that has no journal (a backtest), kept in memory: about 400 bytes each."""

    __slots__ = ("_payments",)

    def __init__(self) -> None:
        self._payments: dict[str, Payment] = {}

    def classify(self, payment: Payment) -> Classified:
        """The verdict of the function `classify` on the next row, remembering the row; `seen` is always None."""
        earlier = self._payments.get(payment.payment_id)
        if earlier is None:
            self._payments[payment.payment_id] = payment
            return _COUNTED if payment.status == COMPLETED else _NOT_COMPLETED
        classified = classify(payment, remembered(earlier, b""), b"")
        if classified.verdict is Verdict.COUNTED:
            self._payments[payment.payment_id] = payment
            return _COUNTED
        return classified

    def __len__(self) -> int:
        """How many ids were seen."""
        return len(self._payments)


def _compared(payment: Payment, seen: PaymentSeen, key: bytes) -> Classified:
    """The verdict on a repetition that completes nothing."""
    again = fingerprint(payment, key)
    same_customer = not seen.customer_hash or seen.customer_hash == customer_hash(payment.customer_id, key)
    if again == seen.fingerprint and same_customer:
        return _DUPLICATE
    field, was, found = "customer_id", "another customer", "this one"
    if again != seen.fingerprint:
        field, was, found = _difference(payment, _LAYOUT.unpack(seen.fingerprint), _LAYOUT.unpack(again), seen.counted)
    reason = (
        f"payment {payment.payment_id} was stated before with {field} {was}, this one says {found}; "
        "the first stands: send a refund or a new payment id to correct it"
    )
    return Classified(Verdict.REJECTED, field=field, reason=reason)


def _difference(
    payment: Payment, first: tuple[object, ...], again: tuple[object, ...], counted: bool
) -> tuple[str, str, str]:
    """The first field that differs, what it was, and what it is now."""
    field = next(name for name, one, other in zip(_FIELDS, first, again, strict=True) if one != other)
    if field == "status":
        return field, COMPLETED if counted else "another one", payment.status
    if field == "stream":
        return field, "another one", payment.stream
    place = _FIELDS.index(field)
    return field, _shown(field, first[place]), _shown(field, again[place])


def _shown(field: str, value: object) -> str:
    """A fixed field of a fingerprint as people write it."""
    if field == "currency":
        return bytes(value).decode()  # type: ignore[call-overload, no-any-return]
    assert isinstance(value, int)
    if field == "amount":
        return amount_text(value)
    if field == "created_at":
        instant: Instant = value
        return instant_text(instant)
    return str((_KINDS if field == "kind" else _INTERVALS)[value].value)


def _interval_code(interval: Interval) -> int:
    """The place of an interval in `_INTERVALS`, by identity: hashing an enum member costs a Python call."""
    if interval is Interval.MONTH:
        return 0
    return 1 if interval is Interval.YEAR else 2


@lru_cache(maxsize=4_096)
def _text_hash(text: str, key: bytes) -> bytes:
    """The keyed hash of a text that repeats from row to row."""
    return blake2b(text.encode(), digest_size=_TEXT_HASH_BYTES, key=key).digest()
