"""The port to what keeps a month's budget: setting what it has spent to what the provider bills."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from machines.ports.mandate import Mandate


class Reconciled(msgspec.Struct, frozen=True):
    """A month's spent sum before and after, in micros; equal where the bill said the same."""

    component: str
    period: str
    """The month, `2026-11`."""
    before_micros: int
    after_micros: int


@runtime_checkable
class BudgetReconciler(Protocol):
    """A provisioner whose kind keeps budgets."""

    async def reconcile(
        self, component: str, period: str, billed_micros: int, reason: str, *, order: str, mandate: Mandate
    ) -> Reconciled:
        """Set what the month `period` has spent to `billed_micros`.

        `order` names the operator's order. Where it was the month's last to be carried out, nothing is done and the
        sums of then are returned: what was spent since stays counted. Raises `Transient`, `Permanent` or `Ambiguous`;
        after `Ambiguous` it may be called again with the same order.
        """
        ...
