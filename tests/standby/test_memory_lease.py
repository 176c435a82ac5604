"""The lease in memory keeps the contract of leases."""

from __future__ import annotations

import pytest

from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from config.instants import SECOND
from machines.ports.lease import LeaseAwayError, LeaseDesk
from tests.contracts.journal import SetClock
from tests.contracts.lease import LeaseContract, LeaseHarness


class MemoryHarness(LeaseHarness):
    """Desks over one store in memory."""

    def __init__(self) -> None:
        self._clock = SetClock()
        self._store = MemoryLeaseStore(self._clock)
        self._away = False

    async def open(self) -> LeaseDesk:
        """Another desk on the one store."""
        return MemoryLeaseDesk(self._store, self._refuse)

    async def pass_time(self, seconds: float) -> None:
        """So much later."""
        self._clock.now += round(seconds * SECOND)

    async def cut_off(self) -> None:
        """From now on nobody is answered."""
        self._away = True

    def _refuse(self, method: str) -> None:
        if self._away:
            raise LeaseAwayError(f"{method}: the store is away")


@pytest.fixture
def harness() -> LeaseHarness:
    """An empty store."""
    return MemoryHarness()


class TestMemoryLease(LeaseContract):
    """The contract."""
