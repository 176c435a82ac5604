"""Paid APIs: a month's budget in Redis, from which the application spends before each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners import keyed
from adapters.provisioners.budget.provisioner import BudgetObserver, BudgetProvisioner
from adapters.provisioners.budget.recipe import BudgetRecipe
from adapters.provisioners.budget.reconciling import reconcile
from adapters.provisioners.budget.scripts import SPEND
from machines.ports.budgets import Reconciled
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = [
    "SPEND",
    "BudgetObserver",
    "BudgetProvisioner",
    "Reconciled",
    "observer",
    "preflight",
    "provisioner",
    "reconcile",
]


def observer(surroundings: Surroundings) -> BudgetObserver:
    """The half that only looks; it connects on the first look."""
    return BudgetObserver(surroundings.redis_url, surroundings.instance, surroundings.clock, surroundings.redis_access)


def provisioner(surroundings: Surroundings) -> BudgetProvisioner:
    """The whole."""
    return BudgetProvisioner(
        surroundings.redis_url, surroundings.instance, surroundings.clock, surroundings.redis_access
    )


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps budgets from being kept, a sentence each."""
    return await keyed.preflight(BudgetRecipe(), resources, surroundings)
