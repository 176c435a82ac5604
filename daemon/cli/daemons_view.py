"""Who leads and who stands by, as values and as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from config.instants import SECOND, instant_text
from machines.ports.lease import LeaseView, Standing

SILENT_AFTER_S: Final = 5.0
"""A standby says that it is there several times a second."""


def daemons_object(view: LeaseView, last_sequence: int) -> dict[str, Any]:
    """The key `daemons` of `solvent status --format json`; times are those of PostgreSQL's clock."""
    leader = view.live_leader
    left = None if leader is None else round(view.ttl_s - view.heard_s(leader), 3)
    return {
        "fencing": view.fencing,
        "lease_left_s": left,
        "wanted": view.wanted or None,
        "leader": None if leader is None else _standing(leader, view),
        "standbys": [
            {
                **_standing(each, view),
                "behind_events": max(0, last_sequence - each.folded_sequence),
                "fault": each.fault or None,
            }
            for each in view.standbys
        ],
    }


def machine_of(name: str) -> str:
    """The machine in a daemon's name, `machine/pid/random`."""
    return name.split("/", 1)[0]


def daemons_lines(shown: dict[str, Any]) -> Iterator[str]:
    """For people."""
    leader = shown["leader"]
    if leader is None:
        yield f"nobody leads (the last fencing token was {shown['fencing']})"
    else:
        yield f"{_line('leader', leader)}, fencing token {shown['fencing']}"
    for each in shown["standbys"]:
        silent = ", SILENT" if each["heard_s"] > SILENT_AFTER_S else ""
        yield f"{_line('standby', each)}, {each['behind_events']} events behind{silent}"
        if each["fault"]:
            yield f"  it cannot take over: {each['fault']}"
    if not shown["standbys"]:
        yield "no standby: nobody takes over when this machine dies"
    if shown["wanted"]:
        yield f"a hand-over to {shown['wanted']} was asked for"


def _standing(standing: Standing, view: LeaseView) -> dict[str, Any]:
    candidate = standing.candidate
    return {
        "name": candidate.name,
        "machine": machine_of(candidate.name),
        "http": candidate.http or None,
        "version": candidate.version,
        "since": instant_text(standing.since - standing.since % SECOND),
        "heard_s": round(view.heard_s(standing), 3),
    }


def _line(role: str, shown: dict[str, Any]) -> str:
    at = f" at {shown['http']}" if shown["http"] else ""
    return (
        f"{role} {shown['name']}{at} (solvent {shown['version']}) since {shown['since']}, heard"
        f" {shown['heard_s']:.1f} s ago"
    )
