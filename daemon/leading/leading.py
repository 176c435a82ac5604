"""A daemon's life where several share one journal: wait for the lead, lead, give it back or end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from config.settings import Settings
from daemon.kernel import StopReport
from daemon.leading.following import Following
from daemon.leading.held import HeldLease, LeadLostError, kept
from daemon.leading.hindrances import Hindrance, Hindrances
from daemon.leading.taking import take_lead
from daemon.standing_by import StandingBy, Taken
from machines.ports.journal import JournalFencedError, JournalRefusedError
from machines.ports.lease import Candidate, LeaseDesk

Lead = Callable[[HeldLease, Following | None, int], Awaitable[StopReport]]
"""Serves as the leader: the lease, what was folded while standing by, and the port of the endpoints.

Returns after a stop or a hand-over in order; raises what ended it.
"""


class Waiting(msgspec.Struct, frozen=True):
    """What a wait for the lead needs of the world."""

    desk: LeaseDesk
    candidate: Callable[[], Candidate]
    """Another one after each lead."""
    standing_by: Callable[[Candidate], StandingBy]
    now_s: Callable[[], float]


async def lead_when_free(settings: Settings, waiting: Waiting, stop: asyncio.Event, lead: Lead) -> StopReport:
    """Take the lead, and stand by again where the settings say `standby`: after a hand-over, and after a hindrance.

    A hindrance is a journal that takes nothing, or an error of the system, at the takeover or in the lead that
    followed: it passes, and until then another standby may have more luck. Raises `LeadTakenError`, `LeaseAwayError`,
    `LeadLostError`, and what `lead` raised.
    """
    candidate, hindrances = waiting.candidate(), Hindrances(waiting.now_s)
    while True:
        taken = await _taken(settings, waiting, stop, candidate, hindrances.last)
        if taken is None:
            return StopReport((), (), ())
        lease = taken.lease
        try:
            report = await _led(taken, lead)
        except (JournalRefusedError, OSError) as hindered:
            if not settings.standby:
                raise
            hindrances.note(str(hindered), lease.fencing, served=lease.serves)
            continue  # as the same candidate: should the lease not have been given back, it is known as its own
        wanted = lease.view.wanted if lease.view is not None and lease.wanted.is_set() else ""
        structlog.get_logger("lease").info("lead_handed_over", fencing=lease.fencing, wanted=wanted)
        if stop.is_set() or not wanted or not settings.standby:
            return report
        candidate, hindrances = waiting.candidate(), Hindrances(waiting.now_s)


async def _taken(
    settings: Settings, waiting: Waiting, stop: asyncio.Event, candidate: Candidate, hindrance: Hindrance | None
) -> Taken | None:
    if settings.standby:
        standing_by = waiting.standing_by(candidate)
        standing_by.hindrance = hindrance
        return await standing_by.wait(stop)
    lease = await take_lead(waiting.desk, candidate, settings.lease, waiting.now_s, stop)
    return None if lease is None else Taken(lease, None, settings.http_port)


async def _led(taken: Taken, lead: Lead) -> StopReport:
    lease, log = taken.lease, structlog.get_logger("lease")
    folded = 0 if taken.following is None else taken.following.folded_sequence
    log.info("lead_taken", fencing=lease.fencing, name=lease.candidate.name, folded_sequence=folded)
    try:
        async with kept(lease):
            report = await lead(lease, taken.following, taken.http_port)
    except (JournalFencedError, LeadLostError) as lost:
        reason = str(lost)
        log.error("lead_lost", fencing=lease.fencing, reason=reason)  # noqa: TRY400 - a sentence says it, no traceback
        raise LeadLostError(str(lost)) from lost
    finally:
        if not lease.lost.is_set():
            await lease.give_back()
    return report
