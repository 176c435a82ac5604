"""The poll keeps what every source promises."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from machines.ports.sources import PaymentSource
from tests.contracts.source import SourceContract
from tests.sources.stripe.account import Account
from tests.sources.stripe.emulator import Emulator, Trouble
from tests.sources.stripe.reading import poll_of, seconds


class Subject:
    """An account that begins empty, polled inside the process."""

    def __init__(self) -> None:
        """On the 2nd of a month."""
        self._account = Account(seconds("2026-11-02T00:00:00Z"))
        self._emulator = Emulator(self._account)
        self.source: PaymentSource = self.another()

    def another(self) -> PaymentSource:
        """A new poll of the same account."""
        return poll_of(self._emulator, page_items_max=5)

    async def add(self, *payment_ids: str) -> None:
        """A charge a minute, and time for them to settle."""
        for payment_id in payment_ids:
            self._account.charge(payment_id, 1000)
            self._account.now_s += 60
        self._account.now_s += 3_600

    async def hide(self) -> None:
        """The next calls fail."""
        self._emulator.troubles.extend(Trouble(status=503) for _ in range(3))

    async def show(self) -> None:
        """They work again."""
        self._emulator.troubles.clear()


class TestStripePoll(SourceContract):
    """The contract of `PaymentSource`."""

    @pytest.fixture
    async def subject(self) -> AsyncIterator[Subject]:
        """An empty account."""
        made = Subject()
        yield made
        await made.source.close()
