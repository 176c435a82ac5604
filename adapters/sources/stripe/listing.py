"""What one read of Stripe finds: the lists of a span of time, and what changed of objects that are older."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from adapters.sources.stripe.calling import StripeCalls
from adapters.sources.stripe.lists import Lists, Span
from adapters.sources.stripe.position import Position
from adapters.sources.stripe.refusals import AbsentError
from adapters.sources.stripe.shapes import Charge, Dispute, Event, Page, Refund
from machines.ports.faults import Transient

CHANGES: Final = (
    "charge.captured",
    "charge.expired",
    "charge.failed",
    "charge.pending",
    "charge.succeeded",
    "charge.updated",
    "charge.refund.updated",
    "refund.created",
    "refund.failed",
    "refund.updated",
)
"""The events after which an older charge or refund is read again; disputes are followed by `CLOSED`."""
CLOSED: Final = "charge.dispute.closed"
Changing = TypeVar("Changing", Charge, Refund, Dispute)
_EXPAND: Final[dict[str, Any]] = {"expand": ["data.charge"]}


class Spans(msgspec.Struct, frozen=True):
    """From when on each kind is listed, and until when all are."""

    charges: Span
    refunds: Span
    disputes: Span


class Found(msgspec.Struct):
    """What a read found."""

    charges: list[Charge]
    refunds: list[Refund]
    disputes: list[Dispute]


class Listing:
    """Reads charges, refunds, disputes and events."""

    def __init__(self, calls: StripeCalls, lists: Lists, *, live: bool) -> None:
        self._calls = calls
        self._lists = lists
        self._live = live

    async def objects(self, spans: Spans, position: Position, charges_max: int) -> Found:
        """The three lists. Charges first: what they say of refunds must then be found in the refunds."""
        charges = await self._lists.read(
            "/v1/charges",
            Page[Charge],
            "the charges",
            spans.charges,
            {},
            known=position.charge,
            enough=lambda charge: charge.created >= position.reached,
            items_max=charges_max,
        )
        refunds = await self._lists.read(
            "/v1/refunds", Page[Refund], "the refunds", spans.refunds, _EXPAND, known=position.refund
        )
        disputes = await self._lists.read(
            "/v1/disputes", Page[Dispute], "the disputes", spans.disputes, _EXPAND, known=position.dispute
        )
        found = Found(charges, refunds, disputes)
        if spans.charges.before is None:
            _check_against_charges(found, spans)
        return found

    async def newest_charge(self) -> list[Charge]:
        """The newest charge of the account, whenever it was made; [] of an account without one."""
        return list((await self._calls.get("/v1/charges", {"limit": 1}, Page[Charge], "the charges")).data)

    async def changes(self, since: int, position: Position) -> list[Event]:
        """The events of charges and refunds since then, newest first."""
        return await self._events("the events", CHANGES, since, position)

    async def closings(self, since: int) -> list[Event]:
        """The events of disputes that were closed since then, newest first."""
        return await self._events("the events of disputes", (CLOSED,), since, None)

    async def charge(self, identity: str) -> Charge:
        """A charge as it is now."""
        return await self._again("/v1/charges", {}, Charge, identity)

    async def refund(self, identity: str) -> Refund:
        """A refund as it is now."""
        return await self._again("/v1/refunds", {"expand": ["charge"]}, Refund, identity)

    async def dispute(self, identity: str) -> Dispute:
        """A dispute as it is now."""
        return await self._again("/v1/disputes", {"expand": ["charge"]}, Dispute, identity)

    async def _again(self, path: str, parameters: dict[str, Any], shape: type[Changing], identity: str) -> Changing:
        try:
            found = await self._calls.get(f"{path}/{identity}", parameters, shape, f"{identity} of an event")
        except AbsentError:
            raise Transient(f"Stripe has no {identity}, of which it told by an event; it is unknown") from None
        if found.id != identity:
            raise Transient(f"Stripe gave {found.id} where {identity} was asked for; it is unknown")
        return found

    async def _events(self, what: str, types: tuple[str, ...], since: int, position: Position | None) -> list[Event]:
        known = position.event if position else None
        events = await self._lists.read(
            "/v1/events", Page[Event], what, Span(since), {"types": list(types)}, known=known
        )
        for event in events:
            if event.livemode != self._live or event.type not in types:
                raise Transient(f"Stripe's answer to {what} holds {event.id}, which was not asked for; it is unknown")
        return events


def _check_against_charges(found: Found, spans: Spans) -> None:
    """What a charge says was given back must stand in the lists, wherever these reach back to the charge."""
    refunded: dict[str, int] = {}
    for refund in found.refunds:
        if refund.charge is not None:
            refunded[refund.charge.id] = refunded.get(refund.charge.id, 0) + refund.amount
    disputed = {dispute.charge.id for dispute in found.disputes}
    for charge in found.charges:
        if charge.created >= spans.refunds.since and refunded.get(charge.id, 0) < charge.amount_refunded:
            raise Transient(f"Stripe's answer to the refunds lacks what {charge.id} says was refunded; it is unknown")
        if charge.created >= spans.disputes.since and charge.disputed and charge.id not in disputed:
            raise Transient(f"Stripe's answer to the disputes lacks the one of {charge.id}; it is unknown")
