"""Where budgets are: the hashes `budget:<component>` of the instance."""

from __future__ import annotations

from typing import Final

from adapters.redis_keys import KeyConnection, KeyedKind
from machines.ports.clock import Clock

BUDGETS: Final = KeyedKind("budget", "budgets")


class BudgetConnection(KeyConnection):
    """Budgets on one Redis. Connects on the first call; every method raises the three words of the port."""

    def __init__(self, url: str, instance: str, clock: Clock) -> None:
        """`url` may be "": every call is then refused for good."""
        super().__init__(BUDGETS, url, instance, clock)
