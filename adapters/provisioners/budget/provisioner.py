"""Budgets on one Redis."""

from __future__ import annotations

from adapters.provisioners.budget.recipe import BudgetRecipe
from adapters.provisioners.budget.reconciling import reconcile
from adapters.provisioners.keyed import KeyedObserver, KeyedProvisioner
from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from machines.ports.budgets import Reconciled
from machines.ports.clock import Clock
from machines.ports.mandate import Mandate


class BudgetObserver(KeyedObserver):
    """Looks at budgets."""

    def __init__(self, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """`url` may be "": every call is then refused for good."""
        super().__init__(BudgetRecipe(), url, instance, clock, access)


class BudgetProvisioner(KeyedProvisioner):
    """The whole. Held to `tests/contracts/provisioner.py`."""

    def __init__(self, url: str, instance: str, clock: Clock, access: RedisAccess = ANONYMOUS) -> None:
        """As the observer."""
        super().__init__(BudgetRecipe(), url, instance, clock, access)

    async def reconcile(
        self, component: str, period: str, billed_micros: int, reason: str, *, order: str, mandate: Mandate
    ) -> Reconciled:
        """Set what a month has spent to what the provider bills, as the port says."""
        connection = self._connection
        return await reconcile(connection, component, period, billed_micros, reason, order=order, mandate=mandate)
