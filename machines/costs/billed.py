"""A day of a provider's bill, as whoever reads it hands it on."""

from __future__ import annotations

from datetime import date

import msgspec


class BilledDay(msgspec.Struct, frozen=True):
    """What one day cost by a provider's bill. A component that it does not name is unknown, not free."""

    day: date
    """As the provider cuts days, which is in UTC."""
    currency: str
    """An ISO 4217 code."""
    micros: dict[str, int]
    """By component, half-even to one micro; below 0 where credits outweigh the cost."""
    estimated: bool = False
    """The provider itself says that the figures may still change."""
    unattributed_micros: int = 0
    """Billed for the plan without a component's name."""
