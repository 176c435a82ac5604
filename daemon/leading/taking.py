"""Taking the lead without standing by: at once, after a dead predecessor's time, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from config.instants import instant_text
from config.settings.lease import LeaseSettings
from daemon.kernel import pause
from daemon.leading.held import HeldLease
from daemon.leading.watching import LeaseWatch
from machines.ports.lease import Candidate, LeaseAwayError, LeaseDesk, LeaseView

SPARE_S: Final = 2.0
"""So much longer than a lease a store that does not answer is waited for: a restart takes that."""
STAND_BY: Final = "start this one with --standby to let it take over, or give it another journal.schema"


class LeadTakenError(Exception):
    """Another daemon leads; the message names it and says what to do."""


async def take_lead(
    desk: LeaseDesk, candidate: Candidate, settings: LeaseSettings, now_s: Callable[[], float], stop: asyncio.Event
) -> HeldLease | None:
    """The lead, after the time of a killed predecessor's lease at most; None where a stop was asked for.

    Raises `LeadTakenError` as soon as another daemon is seen to live, and `LeaseAwayError` where the store does not
    answer for so long.
    """
    watch, give_up_s = LeaseWatch(desk, settings, now_s), now_s() + settings.ttl_s + SPARE_S
    first: LeaseView | None = None
    while not stop.is_set():
        try:
            view = await desk.look()
            watch.see(view)
            lease = await watch.take(candidate)
        except LeaseAwayError:
            if now_s() > give_up_s:
                raise
        else:
            if lease is not None:
                return lease
            first = first or view
            if view.leader is not None and view.sign != first.sign and view.leader.candidate.name != candidate.name:
                raise LeadTakenError(taken_text(view))
        await pause(settings.poll_every_ms / 1_000)
    with suppress(LeaseAwayError):
        await desk.release(candidate, None)
    return None


def taken_text(view: LeaseView) -> str:
    """Who leads, and what to do."""
    assert view.leader is not None
    who = view.leader.candidate
    at = f" at {who.http}" if who.http else ""
    return (
        f"{who.name} (solvent {who.version}){at} leads on this journal since {instant_text(view.leader.since)},"
        f" with the fencing token {view.fencing}: {STAND_BY}"
    )
