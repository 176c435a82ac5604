"""The port to what providers bill."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from machines.costs.billed import BilledDay

__all__ = ["BilledDay", "CostReader"]


class CostReader(Protocol):
    """Reads bills. A read may cost money itself, so whoever asks keeps to an interval."""

    name: str
    """`cost_explorer`, `open_cost`: stands in the journal."""

    async def read(self, plan: str, first_day: date, last_day: date) -> tuple[BilledDay, ...]:
        """The bill of the plan's components from `first_day` through `last_day`, day by day in order.

        A day of which the provider has nothing yet is left out. Raises `machines.ports.faults.CallError` where the
        bill could not be read or understood as a whole: a part of a bill is no bill.
        """

    async def close(self) -> None:
        """Let go of connections; harmless a second time."""
