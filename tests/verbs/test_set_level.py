"""`set-level`: hold a level beside what is decided, and take it back."""

from __future__ import annotations

import pytest

from config.instants import DAY
from machines.events import ApprovalAsked, ApprovalEnded, LevelHeld, LevelHoldEnded
from tests.machines.histories import NOW, acting
from tests.verbs.benches import IN_TWO_HOURS, bench, refused, told

HELD = LevelHeld(2, None, "a fair", "ann")
ASKED = ApprovalAsked("held-level-2-5", "held-level:2", "", "ann", NOW + DAY, exceeds_cap=True)
EXPECTED = "a level's number or id, or auto for what is decided"


@pytest.mark.parametrize("name", ["1", "small"])
def test_a_level_is_held_by_number_or_id(name: str) -> None:
    """With its end, its reason and who said so."""
    judged = told("set-level", bench(acting(level=2)), level=name, ttl="2h", reason="a fair")

    assert (LevelHeld(1, IN_TWO_HOURS, "a fair", "ann"),) == judged.events
    assert ("done", "level 1 (Small) is held until 2024-06-01T02:00:00Z") == (judged.outcome, judged.reason)


def test_a_level_above_the_decided_one_says_what_the_cap_will_ask() -> None:
    """The answer names the second operator before anybody waits for it."""
    judged = told("set-level", bench(acting()), level="2", reason="a fair")

    said = "level 2 (Large) is held until set-level level auto; what passes the cap asks another operator"
    assert said == judged.reason


def test_the_floor_may_be_held() -> None:
    """Down works too: level 0 stays."""
    assert (LevelHeld(0, None, "a stop", "ann"),) == told(
        "set-level", bench(acting(level=2)), level="0", reason="a stop"
    ).events


def test_auto_takes_it_back_with_what_was_asked_for_it() -> None:
    """Nothing of the hold is left; without one nothing happens."""
    judged = told("set-level", bench(acting(HELD, ASKED, level=1)), level="auto")
    ended = ApprovalEnded("held-level-2-5", "the level is no longer held")

    assert (LevelHoldEnded("taken back by ann"), ended) == judged.events
    assert "no level is held, level 1 (Small) is acted upon" == judged.reason
    idle = told("set-level", bench(acting(level=1)), level="auto")
    assert ((), "no level was held, level 1 (Small) is acted upon") == (idle.events, idle.reason)


def test_what_was_approved_for_one_hold_says_nothing_of_the_next() -> None:
    """Also where the same level is held anew."""
    judged = told("set-level", bench(acting(HELD, ASKED)), principal="bob", level="2", reason="longer")

    assert (
        ApprovalEnded("held-level-2-5", "the level is held anew"),
        LevelHeld(2, None, "longer", "bob"),
    ) == judged.events


def test_the_level_must_be_one_of_the_plan() -> None:
    """The refusal lists them, and the nearest."""
    levels = "0 (floor), 1 (small), 2 (large)"

    refused("set-level", bench(acting()), f"level: missing; expected {EXPECTED}", reason="x")
    refused("set-level", bench(acting()), f"level: expected {EXPECTED}: {levels}; found '3'", level="3", reason="x")
    long = f"level: expected {EXPECTED}: {levels}; found '0000000012'"
    refused("set-level", bench(acting()), long, level="0000000012", reason="x")
    refused(
        "set-level",
        bench(acting()),
        f"level: expected {EXPECTED}: {levels}; found 'smal' (did you mean 'small'?)",
        level="smal",
        reason="x",
    )


def test_a_reason_is_needed() -> None:
    """Whoever reads it at night must know."""
    refused("set-level", bench(acting()), "reason: missing; expected why this level, whatever is decided", level="1")
