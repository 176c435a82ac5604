"""Taking the lead without standing by: at once, after a dead predecessor's time, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from config.instants import instant_text
from config.settings.lease import LeaseSettings
from daemon.kernel import pause
from daemon.leading.held import HeldLease
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseView

SPARE_S: Final = 2.0
"""What asking may take on top of a lease that runs out, and how long a store that restarts is waited for at least."""
STAND_BY: Final = "start this one with --standby to let it take over, or give it another journal.schema"


class LeadTakenError(Exception):
    """Another daemon leads; the message names it and says what to do."""


async def ask_for_lead(
    desk: LeaseDesk, candidate: Candidate, settings: LeaseSettings, now_s: Callable[[], float]
) -> HeldLease | None:
    """The lead where it is free; None while it is another's. Raises `LeaseAwayError`."""
    sent_at_s = now_s()
    fencing = await desk.acquire(candidate, settings.ttl_s)
    if fencing is None:
        return None
    return HeldLease(desk, candidate, fencing, settings=settings, sent_at_s=sent_at_s, now_s=now_s)


async def take_lead(
    desk: LeaseDesk, candidate: Candidate, settings: LeaseSettings, now_s: Callable[[], float], stop: asyncio.Event
) -> HeldLease | None:
    """The lead, after at most the time that a killed predecessor's lease still has; None where a stop was asked for.

    Raises `LeadTakenError` as soon as another daemon is seen to renew, and `LeaseAwayError` where the store does not
    answer for so long.
    """
    give_up_s = now_s() + settings.ttl_s + SPARE_S
    first: LeaseView | None = None
    while not stop.is_set():
        try:
            lease = await ask_for_lead(desk, candidate, settings, now_s)
            if lease is not None:
                return lease
            view = await desk.look()
        except LeaseAwayError:
            if now_s() > give_up_s:
                raise
        else:
            first = first or view
            if view.leader is not None and (_lives(first, view) or now_s() > give_up_s):
                raise LeadTakenError(taken_text(view))
        await pause(settings.poll_every_ms / 1_000)
    return None


def _lives(first: LeaseView, view: LeaseView) -> bool:
    """Whether the leader was heard of since we first looked."""
    return first.leader is None or view.leader is None or view.leader.seen_at != first.leader.seen_at


def taken_text(view: LeaseView) -> str:
    """Who leads, and what to do."""
    assert view.leader is not None
    who = view.leader.candidate
    at = f" at {who.http}" if who.http else ""
    return (
        f"{who.name} (solvent {who.version}){at} leads on this journal since {instant_text(view.leader.since)},"
        f" with the fencing token {view.fencing}: {STAND_BY}"
    )
