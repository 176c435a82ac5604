"""A poll on an emulator, and a ledger that counts what it says as the daemon does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.polling import StripePoll
from config.instants import SECOND, Instant, instant_from_text
from config.secret import Secret
from config.settings import StripeSource
from machines.ports.faults import CallError
from machines.ports.sources import SourceRead
from machines.ports.streams import Entry
from machines.revenue.classify import PaymentMemory, Verdict
from machines.revenue.payments import Kind
from machines.revenue.reading_fields import PaymentReader
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import KEY, Emulator
from tests.sources.stripe.server import InProcess

READS_MAX = 500


def seconds(text: str) -> int:
    """Stripe's number for a time."""
    return instant_from_text(text) // SECOND


class AccountClock:
    """A clock that shows the account's time; its sleeps are the machine's."""

    def __init__(self, account: Account) -> None:
        """The test moves it by moving the account's."""
        self._account = account

    def wall(self) -> Instant:
        """The account's time."""
        return self._account.now_s * SECOND

    def monotonic_s(self) -> float:
        """The account's time as well."""
        return float(self._account.now_s)

    async def sleep(self, seconds: float) -> None:
        """Wait for so long, really: only the limit of a call waits here."""
        await asyncio.sleep(seconds)


def settings(**fields: object) -> StripeSource:
    """The settings of a source, most of them by default."""
    return StripeSource(**{"api_key": "env:STRIPE_KEY", **fields})  # type: ignore[arg-type]


def poll_of(emulator: Emulator, url: str = "", *, live: bool = False, **fields: object) -> StripePoll:
    """A new poll on the emulator: through the URL, or inside the process without one."""
    clock = AccountClock(emulator.account)
    chosen = settings(base_url=url, **fields)
    client = None if url else InProcess(emulator)
    calls = StripeCalls(lambda: Secret(emulator.key), url, chosen.call_timeout_s, clock, client)
    return StripePoll("stripe", chosen, calls, clock, live=live)


def arranged(now: str = "2026-11-21T12:00:00Z", key: str = KEY) -> tuple[Account, Emulator]:
    """An account and its emulator; the account holds one old charge, as one in use does."""
    account = Account(seconds("2026-01-05T00:00:00Z"))
    account.charge("ch_old", 100)
    account.now_s = seconds(now)
    return account, Emulator(account, key)


class Ledger:
    """Counts entries by the daemon's own rules, and keeps the position with them."""

    def __init__(self, poll: StripePoll) -> None:
        """Nothing is counted yet."""
        self.poll = poll
        self.position = ""
        self.through: Instant = 0
        self.sums: dict[str, int] = {}
        """Net micros by currency."""
        self.intervals: dict[str, str] = {}
        self.contradictions: list[str] = []
        self._memory = PaymentMemory()
        self._reader = PaymentReader()

    async def read(self) -> SourceRead:
        """One read, counted; raises what it raises."""
        read = await self.poll.read(self.position)
        for entry in read.entries:
            self._count(entry)
        self.position = read.position
        self.through = read.through or self.through
        return read

    async def catch_up(self) -> None:
        """Read until there is no more."""
        for _ in range(READS_MAX):
            if not (await self.read()).more:
                return
        raise AssertionError("reading does not end")

    async def try_to_catch_up(self) -> CallError | None:
        """Read until there is no more or it is unknown; why it is unknown."""
        try:
            await self.catch_up()
        except CallError as fault:
            return fault
        return None

    def _count(self, entry: Entry) -> None:
        payment = self._reader.read_fields(entry.fields)
        classified = self._memory.classify(payment)
        if classified.verdict is Verdict.REJECTED:
            self.contradictions.append(classified.reason)
        if classified.verdict is Verdict.COUNTED:
            sign = 1 if payment.kind is Kind.PAYMENT else -1
            self.sums[payment.currency] = self.sums.get(payment.currency, 0) + sign * payment.amount_micros
            self.intervals[payment.payment_id] = payment.interval.value


def fields_of(read: SourceRead) -> dict[str, dict[str, str]]:
    """The entries' fields by payment id."""
    return {entry.id: entry.fields for entry in read.entries}


Arrange = Callable[[Account], None]
