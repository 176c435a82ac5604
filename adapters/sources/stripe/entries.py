"""From Stripe's objects to entries of the stream `payments`."""

from __future__ import annotations

import msgspec

from adapters.sources.stripe.amounts import amount_text
from adapters.sources.stripe.shapes import Charge, Dispute, Refund
from config.instants import SECOND, instant_text
from machines.ports.streams import Entry

COMPLETED = "completed"


class Statement(msgspec.Struct, frozen=True):
    """One payment as it is to be said, except for its interval, which is looked up where `status` is completed."""

    payment_id: str
    charge: Charge
    minor: int
    currency: str
    status: str
    dated_s: int
    kind: str


def of_charge(charge: Charge) -> list[Statement]:
    """A charge counts what was captured, on the day it was made. One that failed after all is stated and taken back."""
    if charge.status == "succeeded" and charge.paid:
        status = COMPLETED if charge.captured else "uncaptured"
    elif charge.status == "failed" and charge.failure_balance_transaction:
        return _taken_back(
            Statement(charge.id, charge, charge.amount, charge.currency, COMPLETED, charge.created, "payment"), "refund"
        )
    else:
        status = "unpaid" if charge.status == "succeeded" else charge.status
    minor = charge.amount_captured if status == COMPLETED else charge.amount
    return [Statement(charge.id, charge, minor, charge.currency, status, charge.created, "payment")]


def of_refund(refund: Refund) -> list[Statement]:
    """A refund counts on the day it was made. One that failed after all is stated and taken back.

    Capturing a part, or nothing, of what was authorised makes Stripe write a refund of the rest: no money moved (it has
    no balance transaction), and the charge counts only what was captured.
    """
    charge = refund.charge
    if charge is None:
        return []
    status = refund.status or "pending"
    if status == "succeeded":
        never_taken = refund.balance_transaction is None and charge.amount_captured < charge.amount
        status = "released" if never_taken else COMPLETED
    failed_late = status == "failed" and refund.failure_balance_transaction is not None
    said = Statement(
        refund.id,
        charge,
        refund.amount,
        refund.currency,
        COMPLETED if failed_late else status,
        refund.created,
        "refund",
    )
    return _taken_back(said, "payment") if failed_late else [said]


def of_dispute(dispute: Dispute, closed_s: int | None) -> list[Statement]:
    """A lost dispute is a refund on the day it was lost, `closed_s`; without that day it says nothing."""
    if dispute.status != "lost":
        status, dated_s = dispute.status, dispute.created
    elif closed_s is None:
        return []
    else:
        status, dated_s = COMPLETED, closed_s
    return [Statement(dispute.id, dispute.charge, dispute.amount, dispute.currency, status, dated_s, "refund")]


def entry(said: Statement, interval: str) -> Entry:
    """The entry of a statement; an empty interval is left out."""
    fields = {
        "payment_id": said.payment_id,
        "customer_id": said.charge.customer or f"guest:{said.charge.id}",
        "amount": amount_text(said.minor, said.currency),
        "currency": said.currency.upper(),
        "status": said.status,
        "created_at": instant_text(said.dated_s * SECOND),
        "kind": said.kind,
    }
    return Entry(said.payment_id, {**fields, "interval": interval} if interval else fields)


def _taken_back(said: Statement, kind: str) -> list[Statement]:
    """It and its opposite on the same day: together nothing, whether it was counted before or not."""
    back = msgspec.structs.replace(said, payment_id=f"{said.payment_id}:failed", kind=kind)
    return [said, back]
