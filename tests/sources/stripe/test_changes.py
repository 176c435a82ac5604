"""What changes after it was read is found again, without any webhook; long histories are read in parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from machines.ports.faults import Transient
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import Emulator, Trouble
from tests.sources.stripe.reading import Ledger, arranged, fields_of, poll_of, seconds

DAY_S = 86_400


async def read_ledger(account: Account, emulator: Emulator, **fields: object) -> Ledger:
    """A ledger that has read everything, an hour later."""
    account.now_s += 3_600
    ledger = Ledger(poll_of(emulator, **fields))
    await ledger.catch_up()
    return ledger


async def test_a_debit_that_succeeds_ten_days_later_is_found_and_dated_when_it_was_made() -> None:
    """A pending charge counts nothing; after its success it counts on the day it was made."""
    account, emulator = arranged("2026-11-02T09:00:00Z")
    account.charge("ch_1", 1000, status="pending")
    ledger = await read_ledger(account, emulator)
    before = dict(ledger.sums)
    for _ in range(10):
        account.now_s += DAY_S
        await ledger.catch_up()
    account.settle("ch_1", "succeeded")
    read = await ledger.read()
    assert ({}, {"EUR": 10_000_000}) == (before, ledger.sums)
    assert fields_of(read)["ch_1"]["created_at"] == "2026-11-02T09:00:00Z"


async def test_what_changed_is_found_also_by_the_next_process_after_a_week_away() -> None:
    """A new process goes on from the position alone, and the events tell it what happened meanwhile."""
    account, emulator = arranged("2026-11-02T09:00:00Z")
    account.charge("ch_1", 1000, status="pending")
    account.charge("ch_2", 500)
    account.refund("re_2", "ch_2", 200, status="pending")
    ledger = await read_ledger(account, emulator)
    account.now_s += 8 * DAY_S
    account.settle("ch_1", "succeeded")
    account.end_refund("re_2", "succeeded")
    account.now_s += 8 * DAY_S
    ledger.poll = poll_of(emulator)
    await ledger.catch_up()
    assert {"EUR": 13_000_000} == ledger.sums


async def test_after_two_months_away_everything_that_was_open_is_listed_again() -> None:
    """Stripe forgets events after thirty days: what was pending and disputed then is found by listing further back."""
    account, emulator = arranged("2026-05-02T09:00:00Z")
    account.charge("ch_1", 1000, status="pending")
    account.charge("ch_2", 500)
    account.dispute("dp_2", "ch_2", 500)
    ledger = await read_ledger(account, emulator)
    account.now_s += 9 * DAY_S
    account.settle("ch_1", "succeeded")
    account.close_dispute("dp_2", "lost")
    account.now_s += 60 * DAY_S
    await ledger.catch_up()
    assert ({"EUR": 10_000_000}, []) == (ledger.sums, ledger.contradictions)


async def test_an_object_behind_an_event_is_read_once_not_at_every_poll() -> None:
    """While its event is listed again for days, a charge that can change no more is not asked for again."""
    account, emulator = arranged("2026-11-02T09:00:00Z")
    account.charge("ch_1", 1000, status="pending")
    ledger = await read_ledger(account, emulator)
    account.now_s += 10 * DAY_S
    account.charge("ch_2", 1, status="failed")
    account.settle("ch_1", "succeeded")
    await ledger.read()
    for _ in range(5):
        account.now_s += 600
        await ledger.read()
    assert (1, {"EUR": 10_000_000}) == (emulator.served["/v1/charges/ID"], ledger.sums)


async def test_an_object_that_an_event_names_and_stripe_denies_is_unknown() -> None:
    """A replica that does not know the charge of an event yet makes the read unknown, and the next one finds it."""
    account, emulator = arranged("2026-11-02T09:00:00Z")
    account.charge("ch_1", 1000, status="pending")
    ledger = await read_ledger(account, emulator)
    account.now_s += 10 * DAY_S
    account.charge("ch_2", 1, status="failed")
    await ledger.catch_up()
    account.settle("ch_1", "succeeded")
    emulator.troubles.append(Trouble("/v1/charges/ch_1", status=404))
    fault = await ledger.try_to_catch_up()
    await ledger.catch_up()
    assert (Transient, {"EUR": 10_000_000}) == (type(fault), ledger.sums)


async def test_a_charge_that_comes_into_the_list_late_is_found_while_the_poll_looks_back() -> None:
    """A charge that was missing although a newer one was there counts when it appears, two days later."""
    account, emulator = arranged("2026-11-10T12:00:00Z")
    account.charge("ch_late", 1000)
    account.now_s += 600
    account.charge("ch_newer", 500)
    emulator.troubles.append(Trouble("/v1/charges", hides="ch_late"))
    emulator.troubles.extend([Trouble("/v1/events", hides="evt_2")] * 4)  # the lists alone must find it
    ledger = await read_ledger(account, emulator)
    first = dict(ledger.sums)
    account.now_s += 2 * DAY_S
    await ledger.catch_up()
    assert ({"EUR": 5_000_000}, {"EUR": 15_000_000}) == (first, ledger.sums)


@pytest.mark.parametrize("page_items", [1, 3, 100])
async def test_every_page_is_read(page_items: int) -> None:
    """Seven charges are seven, however many stand on a page."""
    account, emulator = arranged()
    for number in range(7):
        account.charge(f"ch_{number}", 100)
    ledger = await read_ledger(account, emulator, page_items_max=page_items)
    assert {"EUR": 7_000_000} == ledger.sums


async def test_a_long_history_is_read_in_parts_that_each_vouch_for_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads bring a bounded number of charges each, `through` rises with them, and in the end all is counted once."""
    monkeypatch.setattr("adapters.sources.stripe.polling.CHARGES_MAX", 10)
    account, emulator = arranged("2026-02-01T00:00:00Z")
    for number in range(90):
        account.charge(f"ch_{number}", 100)
        account.now_s += 2 * DAY_S
    ledger = Ledger(poll_of(emulator, history_days=250, page_items_max=5))
    vouched = []
    for _ in range(100):
        read = await ledger.read()
        vouched.append(read.through or 0)
        assert len(read.entries) <= 10 + 3
        if not read.more:
            break
    assert ({"EUR": 91_000_000}, vouched) == (ledger.sums, sorted(vouched))


async def test_the_first_poll_begins_with_the_month_and_leaves_out_what_was_before() -> None:
    """Without `history_days` a charge of October and its change in November are none of November's source."""
    account, emulator = arranged("2026-10-31T23:59:59Z")
    account.charge("ch_october", 1000, status="pending")
    account.now_s = seconds("2026-11-01T00:00:00Z")
    account.charge("ch_november", 500)
    account.settle("ch_october", "succeeded")
    ledger = await read_ledger(account, emulator)
    assert {"EUR": 5_000_000} == ledger.sums


def monthly(account: Account) -> None:
    """A month's subscription."""
    account.invoice("ch_1", (1000, "month", 1))


def yearly(account: Account) -> None:
    """A year's subscription."""
    account.invoice("ch_1", (1000, "year", 1))


def twelve_months(account: Account) -> None:
    """A year, said in months."""
    account.invoice("ch_1", (1000, "month", 12))


def weekly(account: Account) -> None:
    """A week's."""
    account.invoice("ch_1", (1000, "week", 1))


def once(account: Account) -> None:
    """An invoice for something bought once."""
    account.invoice("ch_1", (1000, None, 1))


def setup_and_year(account: Account) -> None:
    """More for the set-up than for the year."""
    account.invoice("ch_1", (8000, None, 1), (2000, "year", 1))


def year_on_a_later_page(account: Account) -> None:
    """The line that recurs stands behind those that Stripe includes in the invoice."""
    account.invoice("ch_1", (1, None, 1), (1, None, 1), (1, None, 1), (9, "year", 1))


def upgrade(account: Account) -> None:
    """A credit for the month and a charge for the year: the larger one names the interval."""
    account.invoice("ch_1", (-300, "month", 1), (1300, "year", 1))


def no_invoice(_: Account) -> None:
    """A charge by itself."""


@pytest.mark.parametrize(
    ("arrange", "interval"),
    [
        (monthly, "month"),
        (yearly, "year"),
        (twelve_months, "year"),
        (weekly, "month"),
        (once, "one_off"),
        (setup_and_year, "year"),
        (year_on_a_later_page, "year"),
        (upgrade, "year"),
        (no_invoice, "one_off"),
    ],
)
async def test_the_price_on_the_invoice_says_for_how_long_a_charge_pays(
    arrange: Callable[[Account], None], interval: str
) -> None:
    """The charge and its refund have the interval of the invoice's recurring price, or are one-offs."""
    account, emulator = arranged()
    account.charge("ch_1", 1000)
    arrange(account)
    account.refund("re_1", "ch_1", 400)
    ledger = await read_ledger(account, emulator)
    assert {"ch_1": interval, "re_1": interval} == ledger.intervals


async def test_a_young_charge_without_an_invoice_waits_until_the_link_must_be_there() -> None:
    """Within `settle_s` a missing link may only be late: the charge is held back, and nothing vouches past it."""
    account, emulator = arranged()
    account.charge("ch_1", 1000)
    ledger = Ledger(poll_of(emulator))
    await ledger.read()
    first = dict(ledger.sums)
    account.invoice("ch_1", (1000, "year", 1))
    account.now_s += 60
    await ledger.read()
    assert ({}, {"ch_1": "year"}) == (first, ledger.intervals)
    assert ledger.through <= (account.now_s - 60) * 1_000_000


async def test_an_invoice_that_cannot_be_read_makes_the_read_unknown() -> None:
    """Whether a charge recurs is never guessed: no right for invoices, no reading."""
    account, emulator = arranged()
    account.charge("ch_1", 1000)
    account.now_s += 3_600
    emulator.troubles.append(Trouble("/v1/invoice_payments", status=500))
    ledger = Ledger(poll_of(emulator))
    fault = await ledger.try_to_catch_up()
    assert (Transient, {}) == (type(fault), ledger.sums)


async def test_an_interval_costs_one_call_a_charge_and_one_a_price() -> None:
    """Reading again asks for no invoice and no price again."""
    account, emulator = arranged()
    for number in range(9):
        account.charge(f"ch_{number}", 1000)
        account.invoice(f"ch_{number}", (1000, "month", 1))
    ledger = await read_ledger(account, emulator)
    account.now_s += 600
    await ledger.read()
    assert 9 == emulator.served["/v1/invoice_payments"]
    assert emulator.served["/v1/prices/ID"] <= 4  # those asked for at once, before the first answer


async def test_the_position_stays_short() -> None:
    """However much is open, the position is some hundreds of characters."""
    account, emulator = arranged()
    for number in range(300):
        account.charge(f"ch_{number:030}", 1000, status="pending")
    ledger = await read_ledger(account, emulator)
    assert len(ledger.position) < 400
