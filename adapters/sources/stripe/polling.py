"""The poll: reads Stripe's lists from a position and says what follows it, whole, or that it is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from adapters.sources.stripe import entries as saying
from adapters.sources.stripe.calling import THREADS_MAX, StripeCalls
from adapters.sources.stripe.entries import COMPLETED, Statement
from adapters.sources.stripe.following import Following
from adapters.sources.stripe.intervals import Intervals
from adapters.sources.stripe.listing import Found, Listing
from adapters.sources.stripe.lists import Lists, TooManyError
from adapters.sources.stripe.position import Known, Position, later, position_from_text, position_text
from adapters.sources.stripe.shapes import Charge, Dispute, Event, Refund
from adapters.sources.stripe.spans import (
    DAY_S,
    EVENTS_KEPT_S,
    SPAN_MAX_S,
    SPAN_MIN_S,
    after_gap,
    events_since,
    spans_of,
    still_kept,
)
from config.calendar import Calendar
from config.instants import SECOND
from config.settings import StripeSource
from machines.ports.clock import Clock
from machines.ports.faults import Permanent
from machines.ports.sources import SourceRead
from machines.ports.streams import Entry

CHARGES_MAX: Final = 500
"""Never-read charges a read, for each may need a call for its invoice; more are taken in several reads."""


class StripePoll:
    """A `PaymentSource`: charges, refunds and lost disputes of one Stripe account in one mode."""

    def __init__(self, name: str, settings: StripeSource, calls: StripeCalls, clock: Clock, *, live: bool) -> None:
        """`live` says which mode the key is of."""
        self.name = name
        self._settings = settings
        self._clock = clock
        self._live = live
        self._calls = calls
        self._listing = Listing(calls, Lists(calls, settings.page_items_max), live=live)
        self._following = Following(self._listing)
        self._intervals = Intervals(calls)
        self._span_s = SPAN_MAX_S

    async def read(self, position: str) -> SourceRead:
        """What follows the position; see the port."""
        now_s = self._clock.wall() // SECOND
        at = position_from_text(position) if position else self._beginning(now_s)
        if at.live != self._live:
            raise Permanent(
                f"the position kept is of Stripe's {_mode(at.live)} mode and the key is of the {_mode(self._live)} "
                "mode: put the right key where `api_key` says, or give the source another name, and it begins anew"
            )
        self._calls.begin()
        return await self._read(after_gap(at, now_s), now_s)

    async def close(self) -> None:
        """Start no call any more."""
        self._calls.close()

    def _beginning(self, now_s: int) -> Position:
        if self._settings.history_days:
            start = now_s - self._settings.history_days * DAY_S
        else:
            calendar = Calendar("UTC")
            start = calendar.start_of(calendar.month_of(now_s * SECOND)) // SECOND
        return Position(live=self._live, start=start, reached=start, changed=now_s)

    async def _read(self, at: Position, now_s: int) -> SourceRead:
        before, found = await self._list(at, now_s)
        as_of = min(now_s, self._calls.answered_at or now_s)
        if before is not None and before > as_of - self._settings.settle_s:
            before = None  # our clock is ahead: by Stripe's, that was everything up to now
        witnesses = found.charges
        if at.charge is None and not witnesses:  # without one, later answers could be empty and nobody would know
            witnesses = await self._listing.newest_charge()
        if at.charge is None and not witnesses:
            return SourceRead(entries=(), position=position_text(at))  # of an empty account, or of another: unknown
        for charge in witnesses:
            self._check_mode(charge)
        known = {
            "charge": later(at.charge, _first(witnesses)),
            "refund": later(at.refund, _first(found.refunds)),
            "dispute": later(at.dispute, _first(found.disputes)),
        }
        closings = await self._listing.closings(as_of - EVENTS_KEPT_S)
        if before is None:
            changes = await self._changes(at, as_of)
            await self._following.add(found, changes, closings, at.start)
            moved = msgspec.structs.replace(
                at, reached=as_of, changed=as_of, event=later(at.event, _first(changes)), **known
            )
        else:
            moved = msgspec.structs.replace(at, reached=before, changed=min(at.changed, as_of), **known)
        said = self._statements(found, closings, at, as_of)
        through_s = as_of - self._settings.settle_s if before is None else before
        return SourceRead(
            entries=await self._entries(said, as_of),
            position=position_text(moved),
            through=through_s * SECOND,
            more=before is not None,
        )

    async def _list(self, at: Position, now_s: int) -> tuple[int | None, Found]:
        """The end of the span that was listed, None for now, and what is in it."""
        look_back_s = self._settings.look_back_days * DAY_S
        while True:
            before = at.reached + self._span_s
            end = before if before < now_s - self._settings.settle_s else None
            smallest = self._span_s <= SPAN_MIN_S and end is not None
            try:
                found = await self._listing.objects(
                    spans_of(at, end, now_s, look_back_s), at, 10**9 if smallest else CHARGES_MAX
                )
            except TooManyError:
                passed = now_s - self._settings.settle_s - at.reached
                self._span_s = max(SPAN_MIN_S, min(self._span_s, passed) // 2)
                continue
            self._span_s = min(self._span_s * 2, SPAN_MAX_S)
            return end, found

    async def _changes(self, at: Position, as_of: int) -> list[Event]:
        look_back_s = self._settings.look_back_days * DAY_S
        expected = msgspec.structs.replace(at, event=still_kept(at.event, as_of))
        return await self._listing.changes(events_since(at, as_of, look_back_s), expected)

    def _statements(self, found: Found, closings: Iterable[Event], at: Position, as_of: int) -> list[Statement]:
        closed: dict[str, int] = {}
        for event in closings:  # newest first: the day of the first closing stays
            closed[event.data.object.id] = event.created
        said = [one for charge in found.charges for one in saying.of_charge(charge)]
        said += [one for refund in found.refunds for one in saying.of_refund(refund)]
        for dispute in found.disputes:
            said += saying.of_dispute(dispute, closed.get(dispute.id) or _long_closed(dispute, at, as_of))
        for each in said:
            self._check_mode(each.charge)
        return sorted(
            {one.payment_id: one for one in said if one.dated_s >= at.start}.values(),
            key=lambda one: (one.dated_s, one.payment_id),
        )

    async def _entries(self, said: list[Statement], as_of: int) -> tuple[Entry, ...]:
        intervals = await self._intervals_of(
            {one.charge.id: one.charge for one in said if one.status == COMPLETED}, as_of
        )
        made = []
        for one in said:
            interval = intervals[one.charge.id] if one.status == COMPLETED else ""
            if interval is not None:
                made.append(saying.entry(one, interval))
        return tuple(made)

    async def _intervals_of(self, charges: dict[str, Charge], as_of: int) -> dict[str, str | None]:
        settled_s = as_of - self._settings.settle_s
        found: dict[str, str | None] = {}
        waiting = list(charges.values())
        try:
            while waiting:
                some, waiting = waiting[:THREADS_MAX], waiting[THREADS_MAX:]
                async with asyncio.TaskGroup() as group:
                    tasks = {
                        each.id: group.create_task(
                            self._intervals.of(each, settled=each.created <= settled_s), name=f"interval of {each.id}"
                        )
                        for each in some
                    }
                found |= {identity: task.result() for identity, task in tasks.items()}
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return found

    def _check_mode(self, charge: Charge) -> None:
        if charge.livemode != self._live:
            raise Permanent(
                f"Stripe gave {charge.id} of its {_mode(charge.livemode)} mode to a key of the {_mode(self._live)} "
                "mode: nothing of this answer is counted; see `base_url` of the source"
            )


def _first(listed: Sequence[Charge | Refund | Dispute | Event]) -> Known | None:
    return Known(listed[0].id, listed[0].created) if listed else None


def _long_closed(dispute: Dispute, at: Position, as_of: int) -> int | None:
    """The day of a dispute that was lost so long ago that its event is gone; None where it was given before."""
    if dispute.created < at.reached or dispute.created > as_of - EVENTS_KEPT_S:
        return None
    return max([dispute.created, *(moved.created for moved in dispute.balance_transactions)])


def _mode(live: bool) -> str:
    return "live" if live else "test"
