"""A payment as the text fields of a stream entry or a row: what `reading_fields` reads back."""

from __future__ import annotations

from config.customer import reveal
from config.instants import instant_text
from config.money import amount_text
from machines.revenue.payments import Payment


def entry_fields(payment: Payment) -> dict[str, str]:
    """The columns of the payments file in their plainest spelling; `stream` only where the business names one."""
    fields = {
        "payment_id": payment.payment_id,
        "customer_id": reveal(payment.customer_id),
        "amount": amount_text(payment.amount_micros),
        "currency": payment.currency,
        "status": payment.status,
        "created_at": instant_text(payment.created_at),
        "kind": payment.kind.value,
        "interval": payment.interval.value,
    }
    return {**fields, "stream": payment.stream} if payment.stream else fields
