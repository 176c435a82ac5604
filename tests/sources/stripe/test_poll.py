"""What the poll says of charges, refunds and disputes."""

from __future__ import annotations

import pytest

from config.instants import instant_from_text
from machines.ports.sources import SourceRead
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import Emulator
from tests.sources.stripe.reading import Ledger, arranged, fields_of, poll_of, seconds


async def read_of(emulator: Emulator) -> SourceRead:
    """The first read of a poll on the emulator."""
    return await poll_of(emulator).read("")


async def test_a_charge_is_a_payment_with_its_own_id_date_and_exact_amount() -> None:
    """A charge of 1999 cents made on the 10th is a completed payment of 19.99 on the 10th."""
    account, emulator = arranged("2026-11-10T08:30:00Z")
    account.charge("ch_1", 1999, customer="cus_7")
    account.now_s = seconds("2026-11-21T12:00:00Z")
    expected = {
        "payment_id": "ch_1",
        "customer_id": "cus_7",
        "amount": "19.99",
        "currency": "EUR",
        "status": "completed",
        "created_at": "2026-11-10T08:30:00Z",
        "kind": "payment",
        "interval": "one_off",
    }
    assert expected == fields_of(await read_of(emulator))["ch_1"]


async def test_a_charge_without_a_customer_is_of_a_guest_and_no_mail_address_leaves_the_adapter() -> None:
    """Without a customer the charge's id stands for one; the receipt's address stands in no entry."""
    account, emulator = arranged()
    account.charge("ch_1", 500)
    account.now_s += 3_600
    read = await read_of(emulator)
    assert fields_of(read)["ch_1"]["customer_id"] == "guest:ch_1"
    assert "example.com" not in repr(read)


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("eur", 5, "0.05"), ("jpy", 500, "500"), ("bhd", 5124, "5.124"), ("isk", 500, "5.00"), ("ugx", 500, "5.00")],
)
async def test_minor_units_follow_stripes_own_rules(currency: str, minor: int, amount: str) -> None:
    """Zero and three decimals are exact, and what Stripe states with two although it has none is divided by 100."""
    account, emulator = arranged()
    account.charge("ch_1", minor, currency)
    account.now_s += 3_600
    fields = fields_of(await read_of(emulator))["ch_1"]
    assert (amount, currency.upper()) == (fields["amount"], fields["currency"])


def pending(account: Account) -> None:
    """A debit under way."""
    account.charge("ch_1", 1000, status="pending")


def failed(account: Account) -> None:
    """A declined card."""
    account.charge("ch_1", 1000, status="failed")


def uncaptured(account: Account) -> None:
    """An authorisation."""
    account.charge("ch_1", 1000, captured=False)


def unpaid(account: Account) -> None:
    """A charge that is said to have succeeded and is not paid."""
    account.charge("ch_1", 1000, paid=False)


@pytest.mark.parametrize("happens", [pending, failed, uncaptured, unpaid])
async def test_a_charge_that_brought_no_money_is_stated_with_its_word_and_counts_nothing(happens: object) -> None:
    """Pending, failed, uncaptured and unpaid charges are entries that are not completed."""
    account, emulator = arranged()
    happens(account)  # type: ignore[operator]
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    read = await ledger.read()
    assert ({}, happens.__name__) == (ledger.sums, fields_of(read)["ch_1"]["status"])  # type: ignore[attr-defined]


async def test_only_the_captured_part_counts_and_stripes_refund_of_the_rest_is_no_refund() -> None:
    """Of 10.00 authorised and 6.00 captured 6.00 count; the refund of 4.00 that Stripe writes moved no money."""
    account, emulator = arranged()
    account.charge("ch_1", 1000, captured=False)
    account.capture("ch_1", 600)
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    read = await ledger.read()
    assert ({"EUR": 6_000_000}, "released") == (ledger.sums, fields_of(read)["re_rest_ch_1"]["status"])


async def test_a_refund_counts_on_its_own_date_with_the_customer_of_its_charge() -> None:
    """A refund of part of a charge is a refund of that part, made when the refund was made."""
    account, emulator = arranged("2026-11-02T00:00:00Z")
    account.charge("ch_1", 1000, customer="cus_7")
    account.now_s = seconds("2026-11-20T10:00:00Z")
    account.refund("re_1", "ch_1", 400)
    account.now_s += 3_600
    fields = fields_of(await read_of(emulator))["re_1"]
    found = [fields[name] for name in ("kind", "amount", "created_at", "customer_id", "status")]
    assert found == ["refund", "4.00", "2026-11-20T10:00:00Z", "cus_7", "completed"]


async def test_a_refund_that_fails_after_it_was_counted_gives_the_money_back() -> None:
    """A refund that the bank sends back weeks later is undone by a payment of the same day and amount."""
    account, emulator = arranged("2026-11-02T00:00:00Z")
    account.charge("ch_1", 1000)
    account.refund("re_1", "ch_1", 400)
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    await ledger.read()
    account.now_s += 15 * 86_400
    account.end_refund("re_1", "failed")
    account.now_s += 3_600
    await ledger.read()
    assert ({"EUR": 10_000_000}, []) == (ledger.sums, ledger.contradictions)


async def test_a_charge_that_the_bank_reverses_after_it_was_counted_is_taken_back() -> None:
    """A charge that succeeded and fails twelve days later counts nothing in the end."""
    account, emulator = arranged("2026-11-02T00:00:00Z")
    account.charge("ch_1", 1000)
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    await ledger.read()
    account.now_s += 12 * 86_400
    account.fail_late("ch_1")
    await ledger.read()
    assert ({"EUR": 0}, []) == (ledger.sums, ledger.contradictions)


async def test_a_lost_dispute_counts_on_the_day_it_was_lost() -> None:
    """A dispute opened on the 3rd and lost on the 19th is a refund of the 19th."""
    account, emulator = arranged("2026-11-02T00:00:00Z")
    account.charge("ch_1", 1000)
    account.now_s = seconds("2026-11-03T00:00:00Z")
    account.dispute("dp_1", "ch_1", 1000)
    ledger = Ledger(poll_of(emulator))
    await ledger.read()
    account.now_s = seconds("2026-11-19T00:00:00Z")
    account.close_dispute("dp_1", "lost")
    account.now_s += 3_600
    fields = fields_of(await ledger.read())["dp_1"]
    assert ("2026-11-19T00:00:00Z", {"EUR": 0}) == (fields["created_at"], ledger.sums)


async def test_a_dispute_that_was_won_counts_nothing() -> None:
    """Money that is disputed and comes back is no refund."""
    account, emulator = arranged("2026-11-02T00:00:00Z")
    account.charge("ch_1", 1000)
    account.dispute("dp_1", "ch_1", 1000)
    account.close_dispute("dp_1", "won")
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator))
    read = await ledger.read()
    assert ({"EUR": 10_000_000}, "won") == (ledger.sums, fields_of(read)["dp_1"]["status"])


async def test_a_dispute_lost_before_stripes_events_reach_back_counts_when_its_money_moved() -> None:
    """Without the event of its end, a lost dispute of the history is dated by its newest balance transaction."""
    account, emulator = arranged("2026-06-01T00:00:00Z")
    account.charge("ch_1", 1000)
    account.now_s = seconds("2026-06-03T00:00:00Z")
    account.dispute("dp_1", "ch_1", 1000)["balance_transactions"][0]["created"] += 86_400
    account.close_dispute("dp_1", "lost")
    account.now_s = seconds("2026-11-21T12:00:00Z")
    ledger = Ledger(poll_of(emulator, history_days=300))
    said: dict[str, dict[str, str]] = {}
    for _ in range(20):
        read = await ledger.read()
        said |= fields_of(read)
        if not read.more:
            break
    assert said["dp_1"]["created_at"] == "2026-06-04T00:00:00Z"


async def test_a_complete_poll_vouches_for_everything_before_the_moments_that_settle() -> None:
    """`through` is the time of the poll less `settle_s`."""
    account, emulator = arranged("2026-11-21T12:00:00Z")
    account.charge("ch_1", 1000)
    account.now_s = seconds("2026-11-21T13:00:00Z")
    read = await poll_of(emulator, settle_s=600).read("")
    assert instant_from_text("2026-11-21T12:50:00Z") == read.through


async def test_a_clock_that_is_ahead_of_stripes_vouches_for_no_more_than_stripe_saw() -> None:
    """The earlier of our time and the time in Stripe's answer is what a poll vouches up to."""
    account, emulator = arranged("2026-11-21T12:00:00Z")
    poll = poll_of(emulator, settle_s=600)
    account.now_s -= 3_600
    ahead = account.now_s
    poll._clock.wall = lambda: (ahead + 7_200) * 1_000_000  # type: ignore[method-assign]
    read = await poll.read("")
    assert instant_from_text("2026-11-21T10:50:00Z") == read.through


async def test_a_clock_months_ahead_vouches_for_no_future() -> None:
    """Where our clock believes that a span is long past, what Stripe's clock says still bounds what is vouched for."""
    account, emulator = arranged("2026-11-21T12:00:00Z")
    account.charge("ch_1", 1000)
    poll = poll_of(emulator, settle_s=600, history_days=100)
    account.now_s = seconds("2026-11-21T13:00:00Z")
    ahead = account.now_s + 70 * 86_400
    poll._clock.wall = lambda: ahead * 1_000_000  # type: ignore[method-assign]
    vouched, position = 0, ""
    for _ in range(20):
        read = await poll.read(position)
        vouched, position = max(vouched, read.through or 0), read.position
    assert instant_from_text("2026-11-21T12:50:00Z") == vouched
