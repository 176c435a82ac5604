"""From text fields to a payment: what is taken, and which field is named when it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.revenue import reading_fields
from machines.revenue.payments import FieldError, Interval, Kind, Payment
from machines.revenue.reading_fields import PaymentReader, watermark_from_fields
from tests.revenue.payment_values import at

FIELDS = {
    "payment_id": "pay_1",
    "customer_id": "cus_1",
    "amount": "10.00",
    "currency": "EUR",
    "status": "completed",
    "created_at": "2024-01-15T12:00:00Z",
    "kind": "payment",
}


def read(**changes: str) -> Payment:
    """The payment of an entry with changed fields."""
    return PaymentReader().read_fields(FIELDS | changes)


def test_all_fields_are_read() -> None:
    """Every field arrives typed."""
    expected = Payment(
        "pay_1",
        "cus_1",
        19_990_001,
        "USD",
        "pending",
        at("2024-01-15T10:30:00.5Z"),
        Kind.REFUND,
        Interval.YEAR,
        "usage",
    )

    assert expected == read(
        amount="19.990001",
        currency="USD",
        status="pending",
        created_at="2024-01-15T12:00:00.5+01:30",
        kind="refund",
        interval="year",
        stream="usage",
    )


def test_optional_fields_may_be_missing_or_empty() -> None:
    """A missing interval is a month (RESOLUTIONS 12)."""
    payment = read(interval="", stream="")

    assert payment == read()
    assert (Interval.MONTH, "") == (payment.interval, payment.stream)


def test_a_free_order_is_a_payment() -> None:
    """0.00 is an amount."""
    assert 0 == read(amount="0.00").amount_micros


def test_the_same_moment_in_two_zones_is_the_same_payment() -> None:
    """Values are normalised before they are compared."""
    assert read(created_at="2024-01-15T12:00:00Z") == read(created_at="2024-01-15T14:00:00+02:00", amount="10")


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("amount", "", "expected a decimal amount"),
        ("amount", "ten", "found 'ten'"),
        ("amount", "1,000.00", "found '1,000.00'"),
        ("amount", "NaN", "expected a finite amount, found 'NaN'"),
        ("amount", "Infinity", "finite"),
        ("amount", "-Infinity", "finite"),
        ("amount", "sNaN", "finite"),
        ("amount", "-0.01", "expected 0 or more, found -0.01; a refund is stated as kind refund"),
        ("amount", "0.0000001", "at most six decimals"),
        ("amount", "1e30", "at most"),
        ("amount", "9" * 40, "expected a decimal amount"),
        ("amount", "\u0665", "expected a decimal amount in the digits 0 to 9, such as 19.99, found"),
        ("amount", "\uff119.99", "in the digits 0 to 9"),
        ("currency", "", "ISO 4217"),
        ("currency", "BTC", "ISO 4217 code such as EUR or USD, found 'BTC'"),
        ("currency", "eur", r"in capitals \(EUR\), found 'eur'"),
        ("status", "", "found nothing"),
        ("status", "s" * 65, "at most 64 characters, found 65"),
        ("status", "done\x07", "printable"),
        ("created_at", "", "ISO-8601"),
        ("created_at", "yesterday", "expected an ISO-8601 time with its zone, found 'yesterday'"),
        ("created_at", "2024-01-15T12:00:00", "expected a zone"),
        ("created_at", "2024-01-15", "expected a zone"),
        ("created_at", "2024-02-30T12:00:00Z", "ISO-8601"),
        ("created_at", "2024-01-15\u066112:00:00Z", "expected an ISO-8601 time with its zone, found"),
        ("created_at", "2024-01-15T12:00:00.123456\u0667Z", "ISO-8601"),
        ("created_at", "1970-01-01T00:00:00Z", "from 2000 to 2199"),
        ("created_at", "1999-12-31T23:59:59Z", "from 2000 to 2199"),
        ("created_at", "0001-01-01T00:00:00+14:00", "from 2000 to 2199"),
        ("created_at", "2200-01-01T00:00:00Z", "from 2000 to 2199"),
        ("created_at", "9999-12-31T23:59:59-14:00", "from 2000 to 2199"),
        ("kind", "", "expected payment or refund, found ''"),
        ("kind", "Payment", "expected payment or refund, found 'Payment'"),
        ("interval", "weekly", "expected month, year, one_off or nothing, found 'weekly'"),
        ("stream", "a\nb", "printable"),
        ("stream", "s" * 65, "at most 64 characters"),
        ("payment_id", "", "expected an id, found nothing"),
        ("payment_id", "p" * 129, "at most 128 characters, found 129"),
        ("payment_id", "pay\x00", "printable"),
        ("payment_id", "pay\ufffd", "expected UTF-8"),
        ("customer_id", "", "expected an id"),
        ("customer_id", "c\t1", "printable"),
        ("customer_id", "c\u202e1", "printable"),
    ],
)
def test_a_wrong_field_is_named(field: str, text: str, message: str) -> None:
    """The error carries the field and says what was expected and found."""
    with pytest.raises(FieldError, match=message) as caught:
        read(**{field: text})

    assert field == caught.value.field
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("missing", list(FIELDS))
def test_a_missing_field_of_an_entry_is_named(missing: str) -> None:
    """An entry needs its seven fields."""
    fields = {name: text for name, text in FIELDS.items() if name != missing}
    with pytest.raises(FieldError, match="missing") as caught:
        PaymentReader().read_fields(fields)

    assert missing == caught.value.field


def test_an_unknown_field_of_an_entry_is_refused_by_name() -> None:
    """A mistyped `interval` must not turn a year into a month."""
    with pytest.raises(FieldError, match="did you mean 'interval'") as caught:
        read(intervall="year")

    assert "intervall" == caught.value.field


def test_ids_in_other_scripts_are_taken() -> None:
    """Printable is not the same as ASCII."""
    assert ("заказ-1", "客户") == (read(payment_id="заказ-1").payment_id, read(customer_id="客户").customer_id)


def test_remembered_texts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with ever new amounts and statuses does not fill the memory, and is read the same."""
    monkeypatch.setattr(reading_fields, "REMEMBERED_TEXTS_MAX", 4)
    reader = PaymentReader()
    payments = [reader.read_fields(FIELDS | {"amount": str(n), "status": f"s{n}"}) for n in range(20)]

    assert [(n * 1_000_000, f"s{n}") for n in range(20)] == [(each.amount_micros, each.status) for each in payments]
    assert len(reader._amounts) <= 4
    assert len(reader._texts) <= 4


@given(fields=st.fixed_dictionaries({name: st.text(max_size=20) for name in FIELDS}))
def test_any_texts_give_a_payment_or_a_field_error(fields: dict[str, str]) -> None:
    """No text raises anything else, and a refused field is one of the entry's."""
    refused = ""
    try:
        payment_id = PaymentReader().read_fields(fields).payment_id
    except FieldError as error:
        refused = error.field

    assert refused in fields or payment_id == fields["payment_id"]


def test_a_watermark_is_an_instant() -> None:
    """An entry without one is no watermark."""
    assert at("2024-02-01T00:00:00Z") == watermark_from_fields({"watermark": "2024-02-01T01:00:00+01:00"})
    assert watermark_from_fields(FIELDS) is None


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-02-01", "2024-02-01\u066100:00:00Z", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_an_unreadable_watermark_is_named(text: str) -> None:
    """It closes nothing."""
    with pytest.raises(FieldError, match="expected") as caught:
        watermark_from_fields({"watermark": text})

    assert "watermark" == caught.value.field


def test_an_entry_is_a_payment_or_a_watermark() -> None:
    """One that is both is refused rather than guessed at."""
    with pytest.raises(FieldError, match="an entry of its own"):
        watermark_from_fields(FIELDS | {"watermark": "2024-02-01T00:00:00Z"})
