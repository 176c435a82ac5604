"""Paid APIs: a month's budget in Redis, from which the application spends before each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.budget.observing import BudgetObserver
from adapters.provisioners.budget.preflight import preflight
from adapters.provisioners.budget.reconciling import reconcile
from adapters.provisioners.budget.scripts import SPEND
from adapters.provisioners.budget.stepping import BudgetProvisioner
from machines.ports.budgets import Reconciled

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
    return BudgetObserver(surroundings.redis_url, surroundings.instance, surroundings.clock)


def provisioner(surroundings: Surroundings) -> BudgetProvisioner:
    """The whole."""
    return BudgetProvisioner(surroundings.redis_url, surroundings.instance, surroundings.clock)
