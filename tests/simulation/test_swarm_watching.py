"""What the swarm claims to notice it notices, and what it claims to do to an installation it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from config.instants import DAY, HOUR, SECOND
from daemon.publication.outlet import Outlet
from machines.events import ActorParked, ActorResumed, Recorded
from machines.invariants import disturbed_by_failure
from machines.state import whole
from tests.simulation.swarm.case import MISHAPS, Case, case_from_text
from tests.simulation.swarm.kept import KEPT
from tests.simulation.swarm.living import live_through
from tests.simulation.swarm.outcome import report, run_case
from tests.simulation.swarm.swarm_world import SwarmWorld

OFTEN = 1_500
"""In a hundred months: every other day."""


def troubled(mishap: str) -> Case:
    """A season in which one kind of mishap befalls an installation again and again."""
    return Case(seed=2, days=100, levels=3, components=18, business="chaotic", faults={mishap: OFTEN})


@pytest.mark.parametrize("mishap", MISHAPS)
def test_each_mishap_can_strike(mishap: str) -> None:
    """A kind that never met anybody would prove nothing; and whatever it meets, everything holds."""
    outcome = run_case(troubled(mishap))

    assert outcome.faults.get(mishap, 0) > 0
    assert () == outcome.findings


def test_a_defect_of_one_changes_nothing_of_the_others() -> None:
    """Whoever fails is restarted or parked, and resumed; all ends as in the same season without a defect (I11)."""
    case = troubled("defect")
    spared = live_through(msgspec.structs.replace(case, faults={}))
    struck = live_through(case)

    assert () == (*spared.findings, *struck.findings)
    assert struck.world.struck["defect_parks"] > 0
    records = [each.world.auditor.state.components.records for each in (spared, struck)]
    assert [] == disturbed_by_failure(records[0], records[1], ())


def test_who_is_parked_is_resumed_within_the_day() -> None:
    """Somebody is on call: nobody asks a parked actor for weeks, every few seconds."""
    parked_at, longest = dict[str, int](), 0
    for recorded in live_through(troubled("defect")).world.events():
        if isinstance(recorded.event, ActorParked):
            parked_at[recorded.event.actor] = recorded.recorded_at
        elif isinstance(recorded.event, ActorResumed) and recorded.event.actor in parked_at:
            longest = max(longest, recorded.recorded_at - parked_at.pop(recorded.event.actor))

    assert 0 < longest < DAY
    assert {} == parked_at


def test_a_full_disk_counts_once_and_has_room_after_some_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the journal refuses, that is one fault; and whoever is on call ends it."""
    world = SwarmWorld(troubled("disk_full"))
    moments = iter((0, HOUR, 6 * HOUR - SECOND, 6 * HOUR, DAY))
    monkeypatch.setattr(world.clock, "wall", lambda: next(moments))

    assert [True, True, True, False, False] == [world.meets("disk_full") for _ in range(5)]
    assert 1 == world.struck["disk_full"]


def test_a_second_publication_is_noticed_where_ids_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream takes no id twice, so that nothing is doubled; that it was offered again is a finding (I9)."""
    publish = Outlet.publish

    async def publish_all(self: Any, events: Sequence[Recorded]) -> None:
        self.position = 0
        await publish(self, events)

    monkeypatch.setattr(Outlet, "publish", publish_all)
    findings = run_case(troubled("redis_deleted")).findings

    assert "I9" == findings[0][:2]
    assert "again" in findings[0]


def test_a_hole_is_noticed_though_the_stream_is_erased_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each entry is held against the journal as it is appended."""
    publish = Outlet.publish

    async def leave_out(self: Any, events: Sequence[Recorded]) -> None:
        await publish(self, events[1:] if len(events) > 2 else events)

    monkeypatch.setattr(Outlet, "publish", leave_out)
    findings = run_case(troubled("redis_empty")).findings

    assert any("follows" in each for each in findings)


def test_what_stands_and_is_not_counted_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake world knows the price of what serves; a journal that gave it back too early is found out (I4)."""
    monkeypatch.setattr(whole, "_is_kept", lambda record, component: False)
    findings = run_case(
        case_from_text(KEPT["a newer plan gave back what served, recorded WARM for its repair"])
    ).findings

    assert "I4" == findings[0][:2]
    assert "as it stands" in findings[0]


def test_a_long_run_names_what_never_struck() -> None:
    """Who reads the report of a hundred seeds learns which kinds of fault it says nothing about."""
    outcome = run_case(Case(seed=1, days=5, components=2, faults={"redis_away": OFTEN}))
    few, many = ("\n".join(report([outcome] * number, 1.0)) for number in (99, 100))

    assert "never struck" not in few
    assert "never struck: " in many
    assert "quota" in many.partition("never struck: ")[2]
