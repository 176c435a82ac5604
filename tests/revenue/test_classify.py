"""A payment id is counted once, however often it is delivered, in whatever order."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machines.revenue.classify import (
    FINGERPRINT_BYTES,
    Classified,
    PaymentMemory,
    PaymentSeen,
    Verdict,
    classify,
    customer_hash,
    fingerprint,
    remembered,
)
from machines.revenue.payments import Interval, Kind, Payment
from tests.revenue.payment_values import UNIT, a_payment, at

KEY = b"the journal's secret"


def verdicts(payments: list[Payment]) -> list[Verdict]:
    """The verdicts on the payments in order, remembering as a journal does."""
    seen: dict[str, PaymentSeen] = {}
    found = []
    for payment in payments:
        classified = classify(payment, seen.get(payment.payment_id), KEY)
        if classified.seen is not None:
            seen[payment.payment_id] = classified.seen
        found.append(classified.verdict)
    return found


def second(first: Payment, again: Payment) -> Classified:
    """The classification of a row whose id was seen as `first`."""
    return classify(again, remembered(first, KEY), KEY)


def test_the_same_row_again_is_a_duplicate() -> None:
    """Only the first delivery counts."""
    assert [Verdict.COUNTED, Verdict.DUPLICATE, Verdict.DUPLICATE] == verdicts([a_payment()] * 3)


def test_a_pending_payment_counts_when_it_completes() -> None:
    """With the completed row's time and amount, and once."""
    pending = a_payment(status="pending", amount_micros=9 * UNIT)
    done = a_payment(created_at=at("2024-02-02T00:00:00Z"))

    assert [Verdict.NOT_COMPLETED, Verdict.DUPLICATE, Verdict.COUNTED, Verdict.DUPLICATE] == verdicts(
        [pending, pending, done, done]
    )
    assert remembered(done, KEY) == second(pending, done).seen


def test_a_pending_row_after_the_completed_one_counts_nothing() -> None:
    """The order of arrival changes no verdict but the row's own: the completed statement stands."""
    classified = second(a_payment(), a_payment(status="pending"))

    assert (Verdict.NOT_COMPLETED, None) == (classified.verdict, classified.seen)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"amount_micros": 12_500_000}, "amount", "amount 10.00, this one says 12.50"),
        ({"created_at": at("2024-01-16T12:00:00Z")}, "created_at", "2024-01-15T12:00:00Z, this one says 2024-01-16"),
        ({"currency": "USD"}, "currency", "currency EUR, this one says USD"),
        ({"kind": Kind.REFUND}, "kind", "kind payment, this one says refund"),
        ({"interval": Interval.YEAR}, "interval", "interval month, this one says year"),
        ({"interval": Interval.ONE_OFF}, "interval", "interval month, this one says one_off"),
        ({"stream": "usage"}, "stream", "this one says usage"),
        ({"customer_id": "cus_2"}, "customer_id", "another customer"),
    ],
)
def test_a_contradiction_names_its_field(changes: dict[str, Any], field: str, text: str) -> None:
    """Any other difference is rejected; the message names the field and, where it is known, the first value."""
    classified = second(a_payment(), a_payment(**changes))

    assert (Verdict.REJECTED, field, None) == (classified.verdict, classified.field, classified.seen)
    assert text in classified.reason


def test_a_forgotten_customer_matches_any() -> None:
    """Once the customer's hash is emptied, a repetition is a duplicate all the same."""
    seen = PaymentSeen("pay_1", fingerprint(a_payment(), KEY), counted=True)

    assert Verdict.DUPLICATE == classify(a_payment(customer_id="cus_2"), seen, KEY).verdict


def test_the_keys_keep_hashes_apart() -> None:
    """The same customer under two keys has two hashes."""
    assert customer_hash("cus_1", b"one") != customer_hash("cus_1", b"two")
    assert FINGERPRINT_BYTES == len(fingerprint(a_payment(stream="s" * 64, status="é" * 64), KEY))


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    """Hash randomisation of Python does not reach it."""
    program = (
        "from tests.revenue.payment_values import a_payment; from machines.revenue.classify import fingerprint, "
        "customer_hash; print(fingerprint(a_payment(stream='x'), b'k').hex(), customer_hash('cus_1', b'k').hex())"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert [fingerprint(a_payment(stream="x"), b"k").hex(), customer_hash("cus_1", b"k").hex()] == printed.split()


rows = st.lists(
    st.builds(
        a_payment,
        payment_id=st.sampled_from(["a", "b"]),
        customer_id=st.sampled_from(["c", "d"]),
        status=st.sampled_from(["completed", "pending", "failed"]),
        amount_micros=st.integers(0, 2),
        kind=st.sampled_from(Kind),
        interval=st.sampled_from(Interval),
        stream=st.sampled_from(["", "s"]),
    ),
    max_size=12,
)


@given(payments=rows)
def test_an_id_counts_at_most_once_and_the_first_completed_row_stands(payments: list[Payment]) -> None:
    """Of each id exactly the first completed row counts, whatever surrounds it."""
    found = verdicts(payments)
    for payment_id in ("a", "b"):
        completed = [
            verdict
            for payment, verdict in zip(payments, found, strict=True)
            if payment.payment_id == payment_id and payment.status == "completed"
        ]

        assert completed[:1] == [Verdict.COUNTED] * len(completed[:1])
        assert Verdict.COUNTED not in completed[1:]


@given(payments=rows)
def test_the_memory_of_a_backtest_judges_as_the_journal_does(payments: list[Payment]) -> None:
    """`PaymentMemory` and remembered fingerprints give the same verdicts and the same fields."""
    memory = PaymentMemory()

    assert verdicts(payments) == [memory.classify(payment).verdict for payment in payments]
    assert len({payment.payment_id for payment in payments}) == len(memory)


@given(payments=st.lists(st.integers(0, 8), max_size=9, unique=True), seed=st.randoms(use_true_random=False))
def test_duplicates_in_any_order_count_the_same_payments(payments: list[int], seed: Any) -> None:
    """Delivering some rows many times, shuffled, counts each id once (I5)."""
    delivered = [a_payment(payment_id=f"pay_{number}") for number in payments for _ in range(number % 3 + 1)]
    seed.shuffle(delivered)
    memory = PaymentMemory()
    ids = [each.payment_id for each in delivered if memory.classify(each).verdict is Verdict.COUNTED]

    assert sorted(f"pay_{number}" for number in payments) == sorted(ids)
