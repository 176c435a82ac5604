"""Stripe's objects as its API gives them, with the fields that version 2026-10-28 has and payments need."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def charge(identity: str, amount: int, currency: str, created: int, **fields: Any) -> Object:
    """A card charge that succeeded at once, unless fields say otherwise."""
    return {
        "id": identity,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "application_fee_amount": None,
        "balance_transaction": f"txn_{identity}",
        "billing_details": {"email": "customer@example.com", "name": "A Customer", "address": None, "phone": None},
        "captured": True,
        "created": created,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": f"pi_{identity.removeprefix('ch_')}",
        "receipt_email": "customer@example.com",
        "refunded": False,
        "status": "succeeded",
        **fields,
    }


def refund(identity: str, charge_id: str, amount: int, currency: str, created: int, **fields: Any) -> Object:
    """A refund that succeeded at once, unless fields say otherwise."""
    return {
        "id": identity,
        "object": "refund",
        "amount": amount,
        "balance_transaction": f"txn_{identity}",
        "charge": charge_id,
        "created": created,
        "currency": currency,
        "metadata": {},
        "payment_intent": f"pi_{charge_id.removeprefix('ch_')}",
        "reason": None,
        "status": "succeeded",
        **fields,
    }


def dispute(identity: str, charge_id: str, amount: int, currency: str, created: int, **fields: Any) -> Object:
    """A dispute that waits for an answer, its money withdrawn."""
    withdrawn = {"id": f"txn_{identity}", "object": "balance_transaction", "amount": -amount, "created": created}
    return {
        "id": identity,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [withdrawn],
        "charge": charge_id,
        "created": created,
        "currency": currency,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": f"pi_{charge_id.removeprefix('ch_')}",
        "reason": "fraudulent",
        "status": "needs_response",
        **fields,
    }


def event(identity: str, kind: str, about: Object, created: int) -> Object:
    """An event with the object as it is now."""
    return {
        "id": identity,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": created,
        "data": {"object": dict(about)},
        "livemode": about.get("livemode", False),
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def price(identity: str, interval: str | None, count: int = 1) -> Object:
    """A price; None as the interval is for one billed once."""
    recurring = {"interval": interval, "interval_count": count, "meter": None, "usage_type": "licensed"}
    return {
        "id": identity,
        "object": "price",
        "active": True,
        "currency": "eur",
        "livemode": False,
        "recurring": recurring if interval else None,
        "type": "recurring" if interval else "one_time",
    }


def line(identity: str, amount: int, price_id: str | None) -> Object:
    """A line of an invoice."""
    details = {"price": price_id, "product": "prod_1"}
    return {
        "id": identity,
        "object": "line_item",
        "amount": amount,
        "currency": "eur",
        "livemode": False,
        "pricing": {"price_details": details, "type": "price_details"} if price_id else None,
    }


def invoice_payment(identity: str, invoice_id: str, intent: str, created: int) -> Object:
    """The link from a payment intent to an invoice."""
    return {
        "id": identity,
        "object": "invoice_payment",
        "amount_paid": None,
        "created": created,
        "currency": "eur",
        "invoice": invoice_id,
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "paid",
    }
