"""`resume`: lift a pause and what waits for an operator's word."""

from __future__ import annotations

from machines.events import FreezeChanged, Pause, PauseEnded, PauseSet
from tests.machines.histories import acting
from tests.verbs.benches import bench, told


def test_a_pause_is_lifted() -> None:
    """The event says by whom."""
    judged = told("resume", bench(acting(PauseSet(Pause.UP, None, "", "bob"))))

    assert ("done", "resumed", False) == (judged.outcome, judged.reason, judged.trust_clock)
    assert (PauseEnded("resumed by ann"),) == judged.events


def test_what_waits_for_an_operator_is_lifted_with_it() -> None:
    """A gap, a missing rate, the clock and the audit; what ends by itself stays, and so does a changed plan."""
    keys = ("stream_gap", "source_silent", "currency", "plan_changed", "clock", "audit")
    judged = told("resume", bench(acting(*(FreezeChanged(key, frozen=True) for key in keys))))

    lifted = ("audit", "clock", "currency", "stream_gap")
    assert tuple(FreezeChanged(key, frozen=False) for key in lifted) == judged.events


def test_only_a_doubted_clock_is_confirmed() -> None:
    """Lifting another freeze says nothing of the time."""
    confirmed = [
        told("resume", bench(acting(FreezeChanged(key, frozen=True)))).trust_clock for key in ("clock", "audit")
    ]

    assert [True, False] == confirmed


def test_with_nothing_held_nothing_happens() -> None:
    """It is done all the same."""
    judged = told("resume", bench(acting(FreezeChanged("source_silent", frozen=True))))

    assert ("done", "nothing was paused", ()) == (judged.outcome, judged.reason, judged.events)
