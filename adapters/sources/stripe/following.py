"""Objects older than the lists that changed since: found by their events, read again themselves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Generic, TypeVar

from adapters.sources.stripe.listing import Found, Listing
from adapters.sources.stripe.shapes import Charge, Dispute, Event, Refund

REMEMBERED_MAX: Final = 10_000
"""Objects behind events that are not read again while the events are listed again."""

_REFUND_ENDS: Final = frozenset({"succeeded", "failed", "canceled"})
_DISPUTE_ENDS: Final = frozenset({"lost", "won", "prevented", "warning_closed"})

Object = TypeVar("Object")


class _Remembered(Generic[Object]):
    """What an event led to, where it can change no more without another event."""

    def __init__(self, read: Callable[[str], Awaitable[Object]], final: Callable[[Object], bool]) -> None:
        self._read = read
        self._final = final
        self._objects: OrderedDict[str, Object] = OrderedDict()

    async def of(self, event: Event) -> Object:
        """The object as it is now."""
        found = self._objects.get(event.id)
        if found is None:
            found = await self._read(event.data.object.id)
            if self._final(found):  # else an answer older than the event may have been given
                self._objects[event.id] = found
        if len(self._objects) > REMEMBERED_MAX:
            self._objects.popitem(last=False)
        return found


class Following:
    """Adds to what was listed what events tell of besides."""

    def __init__(self, listing: Listing) -> None:
        self._charges: _Remembered[Charge] = _Remembered(listing.charge, _charge_is_final)
        self._refunds: _Remembered[Refund] = _Remembered(listing.refund, lambda refund: refund.status in _REFUND_ENDS)
        self._disputes: _Remembered[Dispute] = _Remembered(
            listing.dispute, lambda dispute: dispute.status in _DISPUTE_ENDS
        )

    async def add(self, found: Found, changes: Iterable[Event], closings: Iterable[Event], start: int) -> None:
        """Read what the events name and `found` lacks; charges and refunds made before `start` are left out."""
        listed = {each.id for each in found.charges} | {each.id for each in found.refunds}
        listed |= {each.id for each in found.disputes}
        for event in [*changes, *closings]:
            changed = event.data.object
            if changed.id in listed or (changed.created < start and changed.object != "dispute"):
                continue
            listed.add(changed.id)
            if changed.object == "charge":
                found.charges.append(await self._charges.of(event))
            elif changed.object == "refund":
                found.refunds.append(await self._refunds.of(event))
            elif changed.object == "dispute":
                found.disputes.append(await self._disputes.of(event))


def _charge_is_final(charge: Charge) -> bool:
    return charge.status == "failed" or (charge.status == "succeeded" and charge.captured)
