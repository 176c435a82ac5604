"""Who leads of several daemons on one journal: whether anybody does who should, and whether a standby could."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from config.settings import Settings
from daemon.assembly.doctor import lease_seen
from daemon.cli.daemons_view import SILENT_AFTER_S, machine_of
from daemon.doctor.findings import Finding, problem, warning, well
from machines.ports.clock import Clock
from machines.ports.lease import LeaseAwayError, LeaseView, Standing

ABOUT: Final = "store"
AGAIN_S: Final = 3.0
"""Before nobody is said to lead it is looked again: a hand-over or a takeover under way is over by then."""
LAG_EVENTS_MAX: Final = 1_000
"""So far behind `solvent promote` refuses a standby, and the alert SolventStandbyLagging watches it."""
_AWAY: Final = "see what it says; docs/high-availability.md: what can happen"
_NOBODY: Final = (
    "see the log of each daemon, and that one of them runs: systemctl start solvent, or solvent run; payments wait"
)


async def lead(settings: Settings, last_sequence: int, clock: Clock) -> list[Finding]:
    """One look at the lease, a second one where nobody leads who should."""
    try:
        view = await lease_seen(settings, os.environ)
        if view.live_leader is None and _should_be_led(view, several=settings.standby):
            await clock.sleep(AGAIN_S)
            view = await lease_seen(settings, os.environ)
    except LeaseAwayError as away:
        return [problem(ABOUT, f"who leads is not known: {away}", _AWAY)]
    return list(judged(view, several=settings.standby, last_sequence=last_sequence))


def judged(view: LeaseView, *, several: bool, last_sequence: int) -> Iterator[Finding]:
    """What the lease means; `several` says that the settings are those of one of several daemons."""
    leader = view.live_leader
    standbys = [each for each in view.standbys if leader is None or each.candidate.name != leader.candidate.name]
    live = [each for each in standbys if view.heard_s(each) <= SILENT_AFTER_S]
    amiss = {each.candidate.name: found for each in live if (found := _amiss(each, last_sequence)) is not None}
    ready = [each.candidate.name for each in live if each.candidate.name not in amiss]
    if leader is None:
        yield _nobody(view, several=several)
    else:
        beside = f", {', '.join(ready)} by its side" if ready else ""
        yield well(ABOUT, f"{leader.candidate.name} leads{beside}")
    yield from amiss.values()
    yield from _silent(view, standbys, live)
    if leader is not None and several and not live:
        text = "nobody stands by: nobody takes over when the machine of the leader dies"
        yield warning(ABOUT, text, "start the daemon of the other machine (`standby = true`), or see its log")


def _should_be_led(view: LeaseView, *, several: bool) -> bool:
    """A lead that ran out was given back by nobody; one daemon alone that gave it back was stopped."""
    return several or view.leader is not None or bool(view.standbys)


def _nobody(view: LeaseView, *, several: bool) -> Finding:
    if not _should_be_led(view, several=several):
        return well(ABOUT, "nobody leads, and nobody stands by: the lead was given back")
    if view.leader is None:
        return problem(ABOUT, "nobody leads: the lead was given back, and no standby took it", _NOBODY)
    heard = f"{view.leader.candidate.name} was last heard of {view.heard_s(view.leader):.0f} s ago"
    return problem(ABOUT, f"nobody leads: {heard}, and its lease has run out", _NOBODY)


def _amiss(standby: Standing, last_sequence: int) -> Finding | None:
    """Why a standby that is heard of could not lead now."""
    name, behind = standby.candidate.name, last_sequence - standby.folded_sequence
    if standby.fault:
        where = f"{standby.candidate.http}/readyz" if standby.candidate.http else "its /readyz"
        text = f"the standby {name} is not fit to lead: {standby.fault}"
        return problem(ABOUT, text, f"mend what it names; its log and {where} have the whole")
    if behind > LAG_EVENTS_MAX:
        text = f"the standby {name} is {behind} events behind: solvent promote refuses it"
        return warning(ABOUT, text, "wait until it has caught up, or see its log for what it cannot read")
    return None


def _silent(view: LeaseView, standbys: list[Standing], live: list[Standing]) -> Iterator[Finding]:
    """Those that are heard of no more; not the earlier life of a daemon that was started again."""
    alive = {machine_of(each.candidate.name) for each in live}
    if view.live_leader is not None:
        alive.add(machine_of(view.live_leader.candidate.name))
    for each in standbys:
        if each not in live and machine_of(each.candidate.name) not in alive:
            text = f"the standby {each.candidate.name} is silent for {view.heard_s(each):.0f} s"
            yield warning(ABOUT, text, "see whether it runs and reaches PostgreSQL")
