"""What a batch of entries is worth: ARCHITECTURE 4 (exactly-once effect), RESOLUTIONS 13 and 14."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from config.calendar import calendar_of
from config.plan import Rate
from machines.events import (
    CountedPayment,
    EntryRejected,
    Event,
    FreezeChanged,
    MonthCorrected,
    PaymentsRecorded,
)
from machines.intake import RAW_CHARACTERS_MAX, Read, Rejected, Taken, take_batch
from machines.revenue.book import RevenueBook
from machines.revenue.classify import PaymentSeen
from machines.revenue.conversion import Conversion
from machines.revenue.payments import Payment
from tests.machines.histories import MAY, NOW, SHOP
from tests.revenue.payment_values import UNIT, a_payment, at

UTC = calendar_of("UTC")
KEY = b"a secret"
DOLLARS = Conversion("EUR", [Rate("USD", 0, Decimal("0.5"))])


def read(payment: Payment, entry_id: str = "1-0") -> Read:
    """An entry that was read as this payment."""
    fields = {"payment_id": payment.payment_id, "customer_id": payment.customer_id}
    return Read(entry_id, payment, fields)


def taken(
    *payments: Payment,
    rejected: Sequence[Rejected] = (),
    seen: Mapping[str, PaymentSeen] | None = None,
    book: RevenueBook | None = None,
    conversion: Conversion = DOLLARS,
) -> Taken:
    """The batch of these payments."""
    return take_batch(
        stream="payments",
        cursor="9-0",
        heard_at=NOW,
        reads=[read(payment, f"{number}-0") for number, payment in enumerate(payments, start=1)],
        rejected=rejected,
        seen=seen or {},
        key=KEY,
        plan=SHOP,
        conversion=conversion,
        book=book or RevenueBook(),
        calendar=UTC,
    )


def recorded(batch: Taken) -> PaymentsRecorded:
    """The one event that moves the position."""
    (event,) = (event for event in batch.events if isinstance(event, PaymentsRecorded))
    return event


def rejections(batch: Taken) -> list[EntryRejected]:
    """The refused entries."""
    return [event for event in batch.events if isinstance(event, EntryRejected)]


def memory(*batches: Taken) -> dict[str, PaymentSeen]:
    """What the journal remembers of these batches, the newest statement last."""
    return {each.payment_id: each for batch in batches for each in batch.payments}


def test_an_empty_batch_moves_the_position_alone() -> None:
    """There is always exactly one such event."""
    assert Taken((PaymentsRecorded("payments", "9-0", NOW),), ()) == taken()


def test_a_completed_payment_is_counted_and_remembered() -> None:
    """With its own date, and in the same transaction."""
    payment = a_payment()
    batch = taken(payment)
    counted = CountedPayment("pay_1", payment.kind, 10 * UNIT, payment.created_at, payment.interval)

    assert (PaymentsRecorded("payments", "9-0", NOW, (counted,)),) == batch.events
    assert [("pay_1", True)] == [(each.payment_id, each.counted) for each in batch.payments]


def test_the_same_payment_twice_in_one_batch_counts_once() -> None:
    """The second row sees the first."""
    batch = taken(a_payment(), a_payment())

    assert (1, 1, 1) == (len(recorded(batch).counted), recorded(batch).duplicates, len(batch.payments))


def test_the_same_payment_in_a_later_batch_counts_once() -> None:
    """What was remembered is enough to know it again."""
    again = taken(a_payment(), seen=memory(taken(a_payment())))

    assert ((), 1, ()) == (recorded(again).counted, recorded(again).duplicates, again.payments)


def test_a_pending_payment_counts_when_it_completes() -> None:
    """Once, and then its repetition is a duplicate, in one batch or in several."""
    pending, completed = a_payment(status="pending"), a_payment()
    first = taken(pending)
    at_once = recorded(taken(pending, completed, completed))

    assert ((), 1) == (recorded(first).counted, recorded(first).not_completed)
    assert 1 == len(recorded(taken(completed, seen=memory(first))).counted)
    assert (1, 1, 1) == (len(at_once.counted), at_once.not_completed, at_once.duplicates)


def test_a_contradiction_is_rejected_and_the_first_stands() -> None:
    """The entry names the field, and nothing of it is remembered."""
    batch = taken(a_payment(), a_payment(amount_micros=11 * UNIT))

    assert [("2-0", "amount")] == [(each.entry_id, each.field) for each in rejections(batch)]
    assert [10 * UNIT] == [each.amount_micros for each in recorded(batch).counted]
    assert memory(taken(a_payment())) == memory(batch)


def test_another_currency_is_converted_and_counted_as_such() -> None:
    """At the dated rate of the plan."""
    batch = recorded(taken(a_payment(currency="USD"), a_payment(payment_id="pay_2")))

    assert ([5 * UNIT, 10 * UNIT], 1) == ([each.amount_micros for each in batch.counted], batch.converted)


def test_a_payment_without_a_rate_freezes_decisions() -> None:
    """It is rejected with its reason, and not remembered: once a rate is added it can be sent again."""
    batch = taken(a_payment(currency="GBP"))
    reason = "no rate for GBP on 2024-01-15; add one under `rates`"

    assert [("currency", reason)] == [(each.field, each.reason) for each in rejections(batch)]
    assert FreezeChanged("currency", frozen=True, reason=reason) == batch.events[-1]
    assert () == batch.payments
    assert 1 == len(recorded(taken(a_payment(currency="GBP"), conversion=pounds(), seen=memory(batch))).counted)


def pounds() -> Conversion:
    """A conversion that knows GBP."""
    return Conversion("EUR", [Rate("GBP", 0, Decimal("1.25"))])


def test_an_amount_too_large_in_the_plans_currency_is_rejected_alone() -> None:
    """A typing error does not freeze anything."""
    huge = Conversion("EUR", [Rate("USD", 0, Decimal(10**12))])
    batch = taken(a_payment(currency="USD"), a_payment(payment_id="pay_2"), conversion=huge)

    assert ["amount"] == [each.field for each in rejections(batch)]
    assert ["pay_2"] == [each.payment_id for each in recorded(batch).counted]
    assert not [event for event in batch.events if isinstance(event, FreezeChanged)]


def test_an_entry_that_could_not_be_read_is_kept() -> None:
    """With its field, its reason and its text, before the position moves."""
    unread = Rejected("3-0", "amount", "expected a decimal", {"amount": "ten", "payment_id": "pay_1"})
    batch = taken(rejected=[unread])

    assert (
        EntryRejected("payments", "3-0", "amount", "expected a decimal", '{"amount":"ten","payment_id":"pay_1"}')
        == (batch.events[0])
    )
    assert isinstance(batch.events[1], PaymentsRecorded)


def closed_through_may() -> RevenueBook:
    """A book whose last closed month is May."""
    book = RevenueBook()
    book.add(CountedPayment("first", a_payment().kind, UNIT, at("2024-05-02T00:00:00Z"), a_payment().interval), UTC)
    book.close(MAY, UTC)
    return book


def test_a_late_payment_is_a_visible_correction() -> None:
    """Its month and its worth; a payment of the running month is none."""
    late = a_payment(created_at=at("2024-05-20T00:00:00Z"))
    running = a_payment(payment_id="pay_2", created_at=at("2024-06-01T00:00:00Z"))
    batch = taken(late, running, book=closed_through_may())

    assert [MonthCorrected(MAY, "pay_1", 10 * UNIT)] == [e for e in batch.events if isinstance(e, MonthCorrected)]
    assert (2, 1) == (len(recorded(batch).counted), recorded(batch).late)


def test_nothing_is_late_before_the_first_close() -> None:
    """An import of old payments corrects nothing."""
    batch = taken(a_payment(created_at=at("2001-01-01T00:00:00Z")))

    assert (1, 0, 1) == (len(batch.events), recorded(batch).late, len(recorded(batch).counted))


@st.composite
def deliveries(draw: st.DrawFn) -> list[Payment]:
    """Up to six payments, each delivered one to three times, pending ones before or between."""
    rows: list[Payment] = []
    for number in range(draw(st.integers(1, 6))):
        payment = a_payment(payment_id=f"pay_{number}", amount_micros=draw(st.integers(0, 10**9)))
        rows += [payment] * draw(st.integers(1, 3))
    return rows


@given(deliveries(), st.randoms(use_true_random=False), st.data())
def test_every_order_and_cut_counts_the_same(rows: list[Payment], random: Any, data: st.DataObject) -> None:
    """However often, in whatever order and in whatever batches payments come, each counts once."""
    random.shuffle(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    seen: dict[str, PaymentSeen] = {}
    counted: list[CountedPayment] = []
    duplicates = 0
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        batch = taken(*rows[start:end], seen=seen)
        seen |= memory(batch)
        counted += recorded(batch).counted
        duplicates += recorded(batch).duplicates

    assert {each.payment_id: each.amount_micros for each in rows} == {
        each.payment_id: each.amount_micros for each in counted
    }
    assert (len(seen), len(rows) - len(seen)) == (len(counted), duplicates)


statements = st.builds(
    a_payment,
    payment_id=st.sampled_from(["pay_1", "pay_2"]),
    amount_micros=st.sampled_from([UNIT, 2 * UNIT]),
    currency=st.sampled_from(["EUR", "USD", "GBP"]),
    status=st.sampled_from(["completed", "pending"]),
    customer_id=st.sampled_from(["cus_secret_1", "cus_secret_2"]),
)


@given(st.lists(statements, max_size=8))
def test_every_entry_has_one_fate(payments: list[Payment]) -> None:
    """Counted, duplicate, not completed or rejected: nothing disappears, and no id counts twice."""
    batch = taken(*payments)
    event = recorded(batch)
    ids = [each.payment_id for each in event.counted]

    assert len(payments) == len(ids) + event.duplicates + event.not_completed + len(rejections(batch))
    assert len(ids) == len(set(ids))
    assert set(ids) <= {each.payment_id for each in batch.payments if each.counted}


@given(st.lists(statements, max_size=8))
def test_what_was_rejected_is_never_remembered(payments: list[Payment]) -> None:
    """A batch of the same rows without the rejected ones leaves the same memory and the same counts."""
    batch = taken(*payments)
    refused = {each.entry_id for each in rejections(batch)}
    kept = [payment for number, payment in enumerate(payments, start=1) if f"{number}-0" not in refused]
    without = taken(*kept)

    assert [] == rejections(without)
    assert (batch.payments, recorded(batch)) == (without.payments, recorded(without))


customers = st.text(st.characters(codec="utf-8"), min_size=8, max_size=40).map(lambda text: f"cus_{text}")


@given(customers, st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=4))
def test_no_event_names_a_customer(customer_id: str, others: dict[str, str]) -> None:
    """A rejected entry is kept with the keyed hash of its customer: the chain cannot forget."""
    fields = {**others, "customer_id": customer_id}
    unread = Rejected("3-0", "amount", "expected a decimal", fields)
    contradicted = a_payment(customer_id=customer_id, amount_micros=1)
    batch = taken(a_payment(customer_id=customer_id), contradicted, rejected=[unread])
    raws = [msgspec.json.decode(each.raw) for each in rejections(batch)]

    assert 2 == len(raws)
    assert all(raw["customer_id"].startswith("hashed:") for raw in raws)
    assert not any(customer_id in told(event) for event in batch.events)


def told(event: Event) -> str:
    """All texts of an event but the names and values of unread fields."""
    text = str(event)
    if isinstance(event, EntryRejected):
        raw: dict[str, str] = msgspec.json.decode(event.raw)
        return " ".join((event.entry_id, event.field, event.reason, raw.get("customer_id", "")))
    return text


def test_a_customer_is_hashed_with_the_journals_key() -> None:
    """The same customer looks the same in one journal, and its id stands nowhere in the raw text."""
    unread = [Rejected(f"{number}-0", "amount", "", {"customer_id": "cus_secret"}) for number in range(2)]
    first, second = rejections(taken(rejected=unread))

    assert first.raw == second.raw
    assert "cus_secret" not in first.raw


def test_a_rejected_entry_is_kept_short() -> None:
    """An entry of any size leaves at most 4,096 characters."""
    long = Rejected("3-0", "amount", "too long", {"customer_id": "c" * 10**5, "x" * 10**5: "y" * 10**5})

    assert RAW_CHARACTERS_MAX == len(rejections(taken(rejected=[long]))[0].raw)
