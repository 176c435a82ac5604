"""`solvent status` and `explain` of what operators hold: what, until when, who, why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.instants import HOUR
from config.plan import Plan
from config.triggers import AllOf, Attested
from daemon.cli.explain import explain_command
from daemon.cli.status import status_command
from machines import events
from machines.events import Event
from machines.lifecycle_states import ComponentState
from tests.cli.recorded import START, months, run, shown, started, write
from tests.deciding.months import UNIT, at_least, autobroker

UNTIL = "until 2024-06-01T01:00:00Z by ann: a fair"
HELD = events.LevelHeld(2, START + HOUR, "a fair", "ann")
THRESHOLD = events.ThresholdSet(2, 900 * UNIT, 800 * UNIT, None, "prices fell", "ann")
SIGNED = events.Attested("audited", None, "the report", "bob")


def checked() -> Plan:
    """The five levels; the second asks for an audit too."""
    plan = autobroker()
    second = msgspec.structs.replace(plan.levels[2], trigger=AllOf((at_least(800, 2), Attested("audited"))))
    levels = (*plan.levels[:2], second, *plan.levels[3:])
    return msgspec.structs.replace(plan, levels=levels, checklist={"audited": "the auditor signed"})


def at_level_1(state_dir: Path, *more: Event, plan: Plan | None = None) -> None:
    """A daemon that decided level 1, and then these events."""
    write(state_dir, started(plan), months("500", plan=plan), *more)


def status(state_dir: Path) -> str:
    """What a person sees."""
    result = run(status_command, "--state-dir", state_dir)
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout


def explained(state_dir: Path, subject: str) -> dict[str, Any]:
    """The object of `solvent explain`."""
    return shown(explain_command, subject, "--state-dir", state_dir)


def test_a_held_level_is_shown_beside_the_decided_one(tmp_path: Path) -> None:
    """In the table, and as a key of the object that is there only then."""
    at_level_1(tmp_path, HELD)

    assert "level 1 Name 1, held at 2 Name 2, reached 0 Survival" in status(tmp_path)
    assert f"held: level 2 (Name 2) {UNTIL}; level 1 is decided" in status(tmp_path)
    expected = {"held": "2", "held_by": "ann", "held_until": "2024-06-01T01:00:00Z", "held_reason": "a fair"}
    assert expected == shown(status_command, "--state-dir", tmp_path)["held"]


def test_a_held_level_is_explained(tmp_path: Path) -> None:
    """Of the level, of the one decided, and of a component that moves for it."""
    at_level_1(tmp_path, HELD)

    assert f"held {UNTIL}; as decided: not decided: its trigger is not met yet" == explained(tmp_path, "2")["standing"]
    decided = "decided, not reached yet (level 0 is); level 2 is held instead"
    assert decided == explained(tmp_path, "1")["standing"]
    said = f"Level 2 (Name 2) is held {UNTIL}, and enables it (levels: 2, 3, 4)."
    assert said in explained(tmp_path, "part_2")["reasons"]
    rests = f"Level 2 (Name 2) is held {UNTIL}, and does not enable it (levels: 3, 4): it rests COLD."
    assert rests in explained(tmp_path, "part_3")["reasons"]


def test_a_threshold_is_shown_with_the_plans_own(tmp_path: Path) -> None:
    """In status and explain; what is required is the figure that decides."""
    at_level_1(tmp_path, THRESHOLD)
    text = "level 2 asks for 900.00 instead of the plan's 800.00 until minimum plan by ann: prices fell"

    assert f"threshold: {text}" in status(tmp_path)
    found = explained(tmp_path, "2")
    assert ("900.00", [f"Set beside the plan: {text}"]) == (found["required"]["minimum"], found["held"])
    assert "2:900.00" == shown(status_command, "--state-dir", tmp_path)["thresholds"]


def test_a_missing_item_is_named_with_its_command(tmp_path: Path) -> None:
    """Before it is attested; the last close lacked it."""
    write(tmp_path, started(checked()), months("2000", "2000", plan=checked()))
    found = explained(tmp_path, "2")

    assert ("blocked: not attested: audited", {"audited": False}) == (found["standing"], found["checklist"])
    assert "send the verb attest with item audited and a reason" in found["text"]
    (line,) = found["held"]
    assert "Not attested now: audited (the auditor signed); once it is met: verb attest, item audited, reason" == line
    assert "Name 2 needs the attestation of audited" in status(tmp_path)


def test_an_attested_item_says_who_stands_for_it(tmp_path: Path) -> None:
    """Also while the last close was judged without it."""
    at_level_1(tmp_path, SIGNED, plan=checked())

    assert "attested: audited until withdrawn by bob: the report" in status(tmp_path)
    (line,) = explained(tmp_path, "2")["held"]
    assert "Attested: audited (the auditor signed) until withdrawn by bob: the report" == line


@pytest.mark.parametrize("reason", ["", "a migration"])
def test_a_pin_says_why_or_that_nobody_said(tmp_path: Path, reason: str) -> None:
    """Nothing ends in a colon with nothing after it."""
    at_level_1(tmp_path, events.PinSet("part_1", ComponentState.COLD, None, reason, "ann"))
    said = f"by ann: {reason}" if reason else "by ann, no reason given"

    assert f"pinned: part_1 in COLD until unpinned {said}\n" in status(tmp_path)
    reasons = explained(tmp_path, "part_1")["reasons"]
    assert any(each.startswith(f"It is pinned COLD until it is unpinned {said} (redis-cli ") for each in reasons)


def test_a_level_is_not_explained_as_if_nothing_were_frozen(tmp_path: Path) -> None:
    """What is said of it is by the decision before the freeze."""
    at_level_1(tmp_path, events.FreezeChanged("source_silent", frozen=True, reason="nothing heard for 35 days"))

    standing = explained(tmp_path, "2")["standing"]
    frozen = "frozen since, nothing is decided or moved: nothing heard for 35 days"
    assert f"not decided: its trigger is not met yet; {frozen}" == standing
