"""What is read of Stripe's objects: what counts is required, so that an answer without it is no answer.

The fields are those of `API_VERSION`, which every call names: an account's own default version changes nothing here.
"""

from __future__ import annotations

from typing import Annotated, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

API_VERSION: Final = "2026-10-28.endive"
"""Of stripe 16.1. A newer one is taken up here, after reading Stripe's upgrade notes, never by an update of the SDK."""

Seconds = Annotated[int, Meta(ge=0, le=7_258_118_400)]
"""Stripe's times: whole seconds since 1970, here up to the year 2200."""
Minor = Annotated[int, Meta(ge=0, le=10**15)]
"""An amount in the currency's minor unit."""
Identity = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,100}\Z")]
Chosen = Annotated[str, Meta(min_length=1, max_length=500)]
"""An id that a business may have chosen itself: of a customer, or of a price that was once a plan."""
Word = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}\Z")]
Code = Annotated[str, Meta(pattern=r"^[a-z]{3,8}\Z")]


class Charge(msgspec.Struct, frozen=True):
    """A charge: money asked of a customer."""

    id: Identity
    object: Literal["charge"]
    amount: Minor
    amount_captured: Minor
    amount_refunded: Minor
    captured: bool
    created: Seconds
    currency: Code
    customer: Chosen | None
    disputed: bool
    livemode: bool
    paid: bool
    payment_intent: Identity | None
    status: Word
    failure_balance_transaction: Identity | None = None


class Refund(msgspec.Struct, frozen=True):
    """A refund, with its charge expanded; None where it refunds no charge."""

    id: Identity
    object: Literal["refund"]
    amount: Minor
    balance_transaction: Identity | None
    charge: Charge | None
    created: Seconds
    currency: Code
    status: Word | None
    failure_balance_transaction: Identity | None = None
    """Stripe leaves it out of a refund that did not fail."""


class BalanceTransaction(msgspec.Struct, frozen=True):
    """A movement of the balance, of which only the time is read."""

    created: Seconds


class Dispute(msgspec.Struct, frozen=True):
    """A dispute, with its charge expanded."""

    id: Identity
    object: Literal["dispute"]
    amount: Minor
    balance_transactions: tuple[BalanceTransaction, ...]
    charge: Charge
    created: Seconds
    currency: Code
    livemode: bool
    status: Word


class Changed(msgspec.Struct, frozen=True):
    """The object of an event as it was then; only which one it is and when it was made are believed."""

    id: Identity
    object: Word
    created: Seconds


class EventData(msgspec.Struct, frozen=True):
    """What an event carries."""

    object: Changed


class Event(msgspec.Struct, frozen=True):
    """An event of a charge, a refund or a dispute."""

    id: Identity
    object: Literal["event"]
    created: Seconds
    data: EventData
    livemode: bool
    type: str


class PriceDetails(msgspec.Struct, frozen=True):
    """The price of a line."""

    price: Chosen


class Pricing(msgspec.Struct, frozen=True):
    """How a line was priced."""

    price_details: PriceDetails | None = None


class Line(msgspec.Struct, frozen=True):
    """A line of an invoice."""

    id: Identity
    object: Literal["line_item"]
    amount: int
    pricing: Pricing | None


Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """One page of a list."""

    object: Literal["list"]
    data: tuple[Item, ...]
    has_more: bool


class Invoice(msgspec.Struct, frozen=True):
    """An invoice with its first lines."""

    id: Identity
    object: Literal["invoice"]
    lines: Page[Line]


class PaidBy(msgspec.Struct, frozen=True):
    """What paid an invoice."""

    payment_intent: Identity | None = None


class InvoicePayment(msgspec.Struct, frozen=True):
    """The link from a payment to an invoice, with the invoice expanded."""

    id: Identity
    object: Literal["invoice_payment"]
    invoice: Invoice
    payment: PaidBy
    status: Word


class Recurring(msgspec.Struct, frozen=True):
    """How often a price is billed."""

    interval: Word
    interval_count: Annotated[int, Meta(ge=1, le=10_000)]


class Price(msgspec.Struct, frozen=True):
    """A price."""

    id: Chosen
    object: Literal["price"]
    recurring: Recurring | None
