"""What is read, and what the emulator gives, stands in the types of Stripe's own SDK."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec
import pytest
import stripe
from stripe._invoice_line_item import InvoiceLineItem

from adapters.sources.stripe import shapes
from adapters.sources.stripe.listing import CHANGES, CLOSED
from tests.sources.stripe import objects

SHAPES: list[tuple[type[msgspec.Struct], type[Any]]] = [
    (shapes.Charge, stripe.Charge),
    (shapes.Refund, stripe.Refund),
    (shapes.Dispute, stripe.Dispute),
    (shapes.Event, stripe.Event),
    (shapes.Invoice, stripe.Invoice),
    (shapes.InvoicePayment, stripe.InvoicePayment),
    (shapes.PaidBy, stripe.InvoicePayment.Payment),
    (shapes.Line, InvoiceLineItem),
    (shapes.Pricing, InvoiceLineItem.Pricing),
    (shapes.PriceDetails, InvoiceLineItem.Pricing.PriceDetails),
    (shapes.Price, stripe.Price),
    (shapes.Recurring, stripe.Price.Recurring),
    (shapes.BalanceTransaction, stripe.BalanceTransaction),
]
MADE: list[tuple[objects.Object, type[Any]]] = [
    (objects.charge("ch_1", 1, "eur", 1), stripe.Charge),
    (objects.refund("re_1", "ch_1", 1, "eur", 1), stripe.Refund),
    (objects.dispute("dp_1", "ch_1", 1, "eur", 1), stripe.Dispute),
    (objects.event("evt_1", "charge.succeeded", {}, 1), stripe.Event),
    (objects.price("price_1", "month"), stripe.Price),
    (objects.line("il_1", 1, "price_1"), InvoiceLineItem),
    (objects.invoice_payment("inpay_1", "in_1", "pi_1", 1), stripe.InvoicePayment),
]


@pytest.mark.parametrize(("ours", "theirs"), SHAPES, ids=lambda kind: kind.__name__)
def test_every_field_that_is_read_is_one_of_stripes(ours: type[msgspec.Struct], theirs: type[Any]) -> None:
    """A field that the SDK's type does not know would make every answer unknown."""
    assert [] == [name for name in ours.__struct_fields__ if name not in theirs.__annotations__]


@pytest.mark.parametrize(("made", "theirs"), MADE, ids=lambda each: getattr(each, "__name__", ""))
def test_the_emulator_invents_no_field(made: objects.Object, theirs: type[Any]) -> None:
    """An object of the emulator has only fields of Stripe's."""
    assert [] == [name for name in made if name not in theirs.__annotations__]


def test_a_field_that_stripe_may_leave_empty_may_be_empty_here() -> None:
    """What the SDK calls optional is optional in what is read."""
    wrong = []
    for ours, theirs in SHAPES:
        for field in msgspec.structs.fields(ours):
            if "Optional[" in str(theirs.__annotations__[field.name]):
                try:
                    msgspec.convert(None, field.type)
                except msgspec.ValidationError:
                    wrong.append(f"{ours.__name__}.{field.name}")
    assert [] == wrong


def test_the_words_of_stripes_states_fit() -> None:
    """Each status that the SDK names can be read."""
    words = re.findall(r'"([a-z_]+)"', inspect.getsource(stripe.Dispute).rpartition("\n    status: ")[2][:600])
    assert "warning_needs_response" in words
    assert words == [msgspec.convert(word, shapes.Word) for word in words]


def test_every_event_that_is_asked_for_is_one_of_stripes() -> None:
    """An event that Stripe does not know would make it refuse the whole list."""
    source = inspect.getsource(stripe.Event)
    assert [] == [kind for kind in (*CHANGES, CLOSED) if f'"{kind}"' not in source]


def test_a_list_of_events_names_no_more_kinds_than_stripe_takes() -> None:
    """Stripe takes at most twenty."""
    assert len(CHANGES) <= 20
