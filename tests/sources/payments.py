"""Payments as sources hold them, and a clock that is moved by hand."""

from __future__ import annotations

from typing import Final

from adapters.clocks import SystemClock
from config.instants import SECOND, Instant, instant_from_text

NOW: Final = instant_from_text("2026-11-21T12:00:00Z")
FIELDS: Final = ("payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind")


class MovedClock(SystemClock):
    """Its wall stands still until it is moved; waiting for a time limit is the machine's."""

    def __init__(self, now: Instant = NOW) -> None:
        self.now = now

    def wall(self) -> Instant:
        """Where it was moved to."""
        return self.now

    def monotonic_s(self) -> float:
        """The machine's, and as far as it was moved."""
        return super().monotonic_s() + (self.now - NOW) / SECOND

    def pass_s(self, seconds: float) -> None:
        """Time goes by."""
        self.now += round(seconds * SECOND)


def payment(payment_id: str, **changed: str) -> dict[str, str]:
    """The fields of one payment."""
    return {
        "payment_id": payment_id,
        "customer_id": f"customer of {payment_id}",
        "amount": "49.90",
        "currency": "EUR",
        "status": "completed",
        "created_at": "2026-11-20T12:00:00Z",
        "kind": "payment",
        **changed,
    }
