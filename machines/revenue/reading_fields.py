"""From the text fields of a CSV row or a stream entry to a typed, checked `Payment`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from config.currencies import CURRENCIES
from config.customer import CustomerId
from config.instants import Instant, InstantError, instant_from_datetime, instant_from_text
from config.money import MoneyError, micros_from_text
from config.suggestions import did_you_mean
from machines.revenue.payments import FieldError, Interval, Kind, Payment

REQUIRED_FIELDS: Final = ("payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind")
OPTIONAL_FIELDS: Final = ("interval", "stream")
FIELDS: Final = REQUIRED_FIELDS + OPTIONAL_FIELDS
"""The names and their order, as the payments file has them."""
ID_CHARACTERS_MAX: Final = 128
TEXT_CHARACTERS_MAX: Final = 64
"""Of a status and a stream."""
SHOWN_CHARACTERS_MAX: Final = 64
"""How much of a wrong value is shown."""
CREATED_FROM: Final = datetime(2000, 1, 1, tzinfo=UTC)
CREATED_BEFORE: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""A payment dated outside is a typing error: an empty date read as 1970, or one slipped digit, must not open hundreds
of empty months."""
REMEMBERED_TEXTS_MAX: Final = 65_536
"""Texts whose meaning is remembered; beyond it the memory starts again."""

_KINDS: Final = {kind.value: kind for kind in Kind}
_INTERVALS: Final = {"": Interval.MONTH} | {interval.value: interval for interval in Interval}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND


class PaymentReader:
    """Reads payments one by one; remembers what repeats from row to row (amounts, currencies, statuses)."""

    __slots__ = ("_amounts", "_texts")

    def __init__(self) -> None:
        self._amounts: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    def read(  # noqa: PLR0917 - the columns in their order, called once per row
        self,
        payment_id: str,
        customer_id: str,
        amount: str,
        currency: str,
        status: str,
        created_at: str,
        kind: str,
        interval: str = "",
        stream: str = "",
    ) -> Payment:
        """The payment that the fields state; raises `FieldError` for the first field that cannot be read."""
        both = payment_id + customer_id  # what is ASCII, printable and short together is so each by itself
        if not (
            payment_id and customer_id and len(both) <= ID_CHARACTERS_MAX and both.isascii() and both.isprintable()
        ):
            _check_identity("payment_id", payment_id)
            _check_identity("customer_id", customer_id)
        micros = self._amounts.get(amount)
        if micros is None:
            micros = self._read_amount(amount)
        if currency not in CURRENCIES:
            raise FieldError("currency", _unknown_currency(currency))
        known_status = self._texts.get(status) or self._read_text("status", status)
        try:
            moment = datetime.fromisoformat(created_at)
            since_1970 = moment - _EPOCH
        except (ValueError, TypeError, OverflowError):
            raise FieldError("created_at", _unreadable_instant(created_at)) from None
        if not created_at.isascii():  # Python takes any character between date and time, and as a seventh decimal
            raise FieldError("created_at", _unreadable_instant(created_at))
        instant = since_1970.days * _DAY + since_1970.seconds * _SECOND + since_1970.microseconds
        if not CREATED_FROM <= moment < CREATED_BEFORE:
            raise FieldError("created_at", _out_of_range(created_at, CREATED_FROM))
        known_kind = _KINDS.get(kind)
        if known_kind is None:
            raise FieldError("kind", f"expected payment or refund, found {_shown(kind)}")
        known_interval = _INTERVALS.get(interval)
        if known_interval is None:
            raise FieldError("interval", f"expected month, year, one_off or nothing, found {_shown(interval)}")
        known_stream = (self._texts.get(stream) or self._read_text("stream", stream)) if stream else ""
        return Payment(
            payment_id,
            CustomerId(customer_id),
            micros,
            currency,
            known_status,
            instant,
            known_kind,
            known_interval,
            known_stream,
        )

    def read_fields(self, fields: Mapping[str, str]) -> Payment:
        """The payment of a stream entry; raises `FieldError`, also for a missing or an unknown field."""
        for name in REQUIRED_FIELDS:
            if name not in fields:
                raise FieldError(name, f"missing: an entry has {', '.join(REQUIRED_FIELDS)}")
        for name in fields:
            if name not in FIELDS:
                raise FieldError(_shown(name)[1:-1] or "''", f"unknown field{did_you_mean(name, FIELDS)}")
        return self.read(**fields)

    def _read_amount(self, text: str) -> int:
        try:
            micros = micros_from_text(text)
        except MoneyError as error:
            raise FieldError("amount", str(error)) from None
        if micros < 0:
            raise FieldError("amount", f"expected 0 or more, found {text}; a refund is stated as kind refund")
        if len(self._amounts) >= REMEMBERED_TEXTS_MAX:
            self._amounts.clear()
        self._amounts[text] = micros
        return micros

    def _read_text(self, field: str, text: str) -> str:
        if not text:
            raise FieldError(field, "expected a text, found nothing")
        _check_characters(field, text, TEXT_CHARACTERS_MAX)
        if len(self._texts) >= REMEMBERED_TEXTS_MAX:
            self._texts.clear()
        self._texts[text] = text
        return text


def watermark_from_fields(fields: Mapping[str, str]) -> Instant | None:
    """The instant of a watermark entry, or None for any other entry; raises `FieldError` for an unreadable one.

    An entry that is a payment too is refused: which of the two was meant would be a guess.
    """
    text = fields.get("watermark")
    if text is None:
        return None
    if "payment_id" in fields:
        raise FieldError("watermark", "expected an entry of its own, found one that also has a payment_id")
    try:
        instant = instant_from_text(text)
    except (InstantError, OverflowError):
        raise FieldError("watermark", _unreadable_instant(text)) from None
    if not 0 <= instant < instant_from_datetime(CREATED_BEFORE):
        raise FieldError("watermark", _out_of_range(text, _EPOCH))
    return instant


def _check_identity(field: str, text: str) -> None:
    if not text:
        raise FieldError(field, "expected an id, found nothing")
    _check_characters(field, text, ID_CHARACTERS_MAX)


def _check_characters(field: str, text: str, characters_max: int) -> None:
    # The message goes into the journal's chain, which cannot forget: it names no customer.
    shown = "others" if field == "customer_id" else _shown(text)
    if len(text) > characters_max:
        raise FieldError(field, f"expected at most {characters_max} characters, found {len(text)}: {shown}")
    if not text.isprintable():
        raise FieldError(field, f"expected printable characters, found {shown}")
    if "\ufffd" in text:
        raise FieldError(field, f"expected UTF-8, found bytes that are not: {shown}")


def _unknown_currency(text: str) -> str:
    if text.upper() in CURRENCIES:
        return f"expected an ISO 4217 code in capitals ({text.upper()}), found {_shown(text)}"
    return f"expected an ISO 4217 code such as EUR or USD, found {_shown(text)}"


def _unreadable_instant(text: str) -> str:
    try:
        without_zone = datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        without_zone = False
    expected = "a zone, such as 2024-01-31T09:00:00Z" if without_zone else "an ISO-8601 time with its zone"
    return f"expected {expected}, found {_shown(text)}"


def _out_of_range(text: str, first: datetime) -> str:
    return f"expected a time from {first.year} to {CREATED_BEFORE.year - 1}, found {_shown(text)}"


def _shown(text: str) -> str:
    """A wrong value as an error shows it: quoted, escaped, short."""
    return repr(text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…")
