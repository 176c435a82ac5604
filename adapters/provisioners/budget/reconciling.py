"""Setting what a month has spent to what the provider bills."""

from __future__ import annotations

from adapters.provisioners.budget.scripts import RECONCILE, RECORD_KEPT_MS
from adapters.redis_keys import KeyConnection
from config.calendar import month_from_text
from config.provisioner_options.budget import BUDGET_MICROS_MAX
from machines.ports.budgets import Reconciled
from machines.ports.faults import Permanent
from machines.ports.mandate import Mandate


async def reconcile(
    connection: KeyConnection,
    component: str,
    period: str,
    billed_micros: int,
    reason: str,
    *,
    order: str,
    mandate: Mandate,
) -> Reconciled:
    """Set the month `period` (`2026-11`) of a component to what the provider bills, on or off, or removed already.

    Upwards always; downwards only with a reason, because it lets the application spend again: the caller journals it,
    and the month's record keeps it. The record keeps the name of the `order` as well: carried out once, it changes
    nothing more. Raises `Permanent` for a lower bill without a reason and for what is no month or sum, and what
    `KeyConnection` raises; after `Ambiguous` it may be called again with the same order.
    """
    try:
        month_from_text(period)
    except ValueError as error:
        raise Permanent(f"expected a month such as 2026-11, found {period!r}") from error
    if not 0 <= billed_micros <= BUDGET_MICROS_MAX:
        raise Permanent(f"expected a bill from 0 to {BUDGET_MICROS_MAX} micros, found {billed_micros}")
    arguments = [period, str(billed_micros), reason, str(RECORD_KEPT_MS), order]
    done, before, after = await connection.change(mandate, RECONCILE, [connection.key(component)], arguments)
    if not done:
        raise Permanent(
            f"{component} spent {before} micros in {period} and the bill says {billed_micros}: "
            "give the reason for which it is set lower"
        )
    return Reconciled(component, period, int(before), int(after))
