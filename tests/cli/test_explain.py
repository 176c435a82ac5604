"""`solvent explain`: a level's requirements against what was measured, and a component's reasons."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.sqlite_journal import JOURNAL_NAME
from config.instants import SECOND, Instant, instant_text
from config.plan import Plan
from config.policies import Approval
from daemon.cli import explain
from daemon.cli.explain import explain_command
from machines import events
from machines.events import BreakerStatus, Event, Mode, Pause, StepOutcome
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState
from machines.ports.journal import Proposal
from tests.cli.recorded import START, ended, intended, months, raised, run, shown, started, write
from tests.contracts.journal import SetClock
from tests.deciding.months import UNIT, autobroker
from tests.machines.histories import SHOP

COLD, WARMING, WARM, HOT = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM, ComponentState.HOT
DEACTIVATING = ComponentState.DEACTIVATING


def explained(state_dir: Path, subject: str) -> dict[str, Any]:
    """The object of `solvent explain`."""
    return shown(explain_command, subject, "--state-dir", state_dir)


def said(state_dir: Path, subject: str) -> str:
    """The sentences."""
    result = run(explain_command, subject, "--state-dir", state_dir)
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout


def at_level_1(state_dir: Path, *more: Event, plan: Plan | None = None, mode: Mode = Mode.ACT) -> None:
    """A daemon that decided level 1 and did nothing yet."""
    write(state_dir, started(plan, mode), months("500", plan=plan), *more)


def test_a_blocked_level_says_what_is_missing(tmp_path: Path) -> None:
    """Level 2 costs 1,183, which needs 1,314.44 (RESOLUTIONS 2)."""
    write(tmp_path, started(), months("1100", "1100"))
    found = explained(tmp_path, "2")

    assert found["required"] == {
        "minimum": "800.00",
        "months": 2,
        "cost": "1183.00",
        "ratio_max": "0.90",
        "max_burn": "3000.00",
    }
    assert found["measured"] == {"revenue": "1100.00", "lowest_tested": "1100.00", "months_met": 2}
    assert found["missing"] == {
        "a_month": "214.444445",
        "to_minimum": "0.00",
        "to_ratio": "214.444445",
        "months": 0,
        "earliest_close": None,
    }
    assert found["standing"].startswith("blocked: cost 1183.00 is above ratio 0.90")


def test_a_level_whose_debounce_runs_says_by_when(tmp_path: Path) -> None:
    """One of two months is met in January, so February's close is the earliest."""
    write(tmp_path, started(), months("2000"))
    found = explained(tmp_path, "level_2")

    assert (found["level"], found["missing"]["months"], found["missing"]["earliest_close"]) == (2, 1, "2024-02")
    assert "Missing: 1 closed month, the earliest at the close of 2024-02." in said(tmp_path, "2")


def test_a_level_before_the_first_close_is_unknown(tmp_path: Path) -> None:
    """What it requires is known, what was measured is not."""
    write(tmp_path, started())
    found = explained(tmp_path, "1")

    assert (found["missing"], found["measured"]["revenue"], found["required"]["minimum"]) == (None, None, "450.00")
    assert "no close has judged it yet" in said(tmp_path, "1")


def test_the_floor_is_always_on(tmp_path: Path) -> None:
    """Nothing is missing."""
    at_level_1(tmp_path)
    found = explained(tmp_path, "0")

    assert (found["missing"]["a_month"], found["required"]["minimum"]) == ("0.00", None)
    assert "asks for no revenue" in found["text"]


def test_a_decided_level_names_what_is_not_hot(tmp_path: Path) -> None:
    """And that nothing acts in observe-only mode."""
    at_level_1(tmp_path, mode=Mode.OBSERVE_ONLY)

    assert "decided, not reached yet (level 0 is); observe_only changes nothing" in said(tmp_path, "1")
    assert "Not HOT yet: part_1" in said(tmp_path, "1")


def test_a_reached_level_says_so(tmp_path: Path) -> None:
    """All of its components are HOT."""
    at_level_1(tmp_path, *raised("part_1", 283))

    assert explained(tmp_path, "1")["standing"] == "decided and reached"


def test_a_level_that_waits_for_approval_names_the_question(tmp_path: Path) -> None:
    """The id is what `approve` takes."""
    plan = autobroker(activation__approval=Approval.MANUAL)
    at_level_1(
        tmp_path, events.ApprovalAsked("level-1-7", "level:1", "debounce met", "planner", START + 10**12), plan=plan
    )

    assert "waits for approval, id level-1-7; level 0 is acted upon" in said(tmp_path, "1")
    assert "Level 1 is decided and waits for approval" in said(tmp_path, "part_1")


def test_a_component_tells_its_steps_with_their_causes(tmp_path: Path) -> None:
    """Step by step, oldest first, each with the event that led to it."""
    at_level_1(tmp_path, *raised("part_1", 283))
    found = explained(tmp_path, "part_1")

    assert [each["type"] for each in found["steps"]] == ["StepIntended", "StepEnded"] * 2
    assert found["steps"][-1]["text"] == "part_1: activate done, stands HOT, counts 283.00"
    assert [found[key] for key in ("state", "target", "cost", "monthly_cost", "levels")] == [
        "HOT",
        "HOT",
        "283.00",
        "283.00",
        [1, 2, 3, 4],
    ]


def test_a_step_names_the_decision_that_caused_it(tmp_path: Path) -> None:
    """The cause link is followed."""
    at_level_1(tmp_path)
    decided_by = explained(tmp_path, "1")["decision"]
    step = intended("part_1", Step.WARM, COLD, WARMING, 0)
    write(tmp_path, [Proposal(step, "supervisor", START, decided_by)])

    assert explained(tmp_path, "part_1")["steps"][0]["cause_text"].startswith("level 0 to 1 at the close of 2024-01")
    assert f"<- {decided_by}: level 0 to 1" in said(tmp_path, "part_1")


OPEN = events.BreakerChanged("provider:simulated", BreakerStatus.OPEN, (START,), START, 10**9)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "Its next step is warm, and nothing stands in the way."),
        (
            (events.PauseSet(Pause.UP, None, "audit", "bob"),),
            "Moves are paused (up) by bob: audit (redis-cli -h HOST -p PORT XADD ",
        ),
        ((events.FreezeChanged("clock", frozen=True, reason="the clock jumped"),), "Frozen: the clock jumped."),
        ((OPEN,), "The breaker provider:simulated is open until"),
        ((OPEN,), "The step warm is refused: the breaker provider:simulated is open."),
        (
            (events.ComponentParked("part_1", "refused"),),
            "commands '*' verb resume-actor actor component:part_1 reason REASON).",
        ),
        ((events.PinSet("part_1", COLD, None, "later", "alice"),), "It is pinned COLD until it is unpinned by alice"),
        ((events.ResourceUnmanaged("part_1", ResourceState.HOT, (), 0),), "A resource was found hot that solvent did"),
        ((intended("part_1", Step.WARM, COLD, WARMING, 0),), "warm is under way since 2024-06-01T00:"),
    ],
)
def test_a_component_says_what_holds_it(tmp_path: Path, more: tuple[Event, ...], sentence: str) -> None:
    """One sentence for each thing that can stand in the way of part_1, which level 1 enables."""
    at_level_1(tmp_path, *more)

    assert sentence in said(tmp_path, "part_1")


def lowered_by_an_earlier_life(state_dir: Path) -> Instant:
    """Level 2's part is being lowered when the daemon dies; when another life begins."""
    write(state_dir, started(), months("2000", "2000"), raised("part_1", 283), raised("part_2", 900))
    write(state_dir, months("2000", "2000", "10")[-1], intended("part_2", Step.DEACTIVATE, HOT, DEACTIVATING, 900))
    write(state_dir, events.Started("shop", "0.1.0", Mode.ACT))
    with closing(sqlite3.connect(state_dir / JOURNAL_NAME)) as connection:
        (began_at,) = connection.execute("SELECT max(recorded_at) FROM events").fetchone()
    return int(began_at)


def test_a_step_of_an_earlier_life_says_until_when_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look may show the past for a minute after the start, so that nothing is given back before."""
    at = lowered_by_an_earlier_life(tmp_path)
    monkeypatch.setattr(explain, "clock_from", lambda _given: SetClock(at + 59 * SECOND))
    waits = said(tmp_path, "part_2")
    monkeypatch.setattr(explain, "clock_from", lambda _given: SetClock(at + 60 * SECOND))
    over = said(tmp_path, "part_2")

    since = f"An earlier life of the daemon began it, the one since {instant_text(at)} looks what became of it"
    assert f"{since}. It waits until {instant_text(at + 60 * SECOND)} before it believes a look" in waits
    assert "for 60 s (provisioning.consistency_grace_s " in waits
    assert f"{since}: nothing is repeated before that is seen." in over
    assert "nothing stands in the way" not in waits + over


def test_how_long_a_step_of_an_earlier_life_waits_is_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the command finds."""
    at = lowered_by_an_earlier_life(tmp_path)
    monkeypatch.setenv("SOLVENT_PROVISIONING__CONSISTENCY_GRACE_S", "90")
    monkeypatch.setattr(explain, "clock_from", lambda _given: SetClock(at))

    assert f"It waits until {instant_text(at + 90 * SECOND)} before" in said(tmp_path, "part_2")


def test_a_step_of_this_life_waits_for_nothing_of_the_kind(tmp_path: Path) -> None:
    """Nor is a step that is under way said to be the next one."""
    at_level_1(tmp_path, intended("part_1", Step.WARM, COLD, WARMING, 0))
    text = said(tmp_path, "part_1")

    assert "warm is under way since" in text
    assert "An earlier life" not in text
    assert "nothing stands in the way" not in text


def test_an_answer_that_settled_nothing_is_told(tmp_path: Path) -> None:
    """Attempt, answer and reason."""
    failed = ended("part_1", Step.WARM, WARMING, 0, outcome=StepOutcome.TRANSIENT, reason="quota")
    at_level_1(tmp_path, intended("part_1", Step.WARM, COLD, WARMING, 0), failed)
    found = explained(tmp_path, "part_1")

    assert (found["intent"]["attempt"], found["intent"]["answered"]) == (1, "transient")
    assert "The last answer was transient: quota." in found["reasons"]


def test_a_component_waits_for_the_wave_before_it(tmp_path: Path) -> None:
    """Level 2's part rises after level 1's."""
    write(tmp_path, started(), months("2000", "2000"))

    assert "It rises after: part_1 (COLD)." in said(tmp_path, "part_2")


def test_a_pinned_component_says_which_requirement_is_missing(tmp_path: Path) -> None:
    """Nothing asks for what it stands on, so it would wait for ever: the line to type is that of the requirement."""
    write(tmp_path, started(SHOP), events.PinSet("web", HOT, None, "a demo", "alice"))

    assert "It needs database, which is COLD; activate that first." in said(tmp_path, "web")


def test_a_component_falls_after_later_waves(tmp_path: Path) -> None:
    """From level 2 to the floor, level 2's part goes first."""
    write(tmp_path, started(), months("2000", "2000"), raised("part_1", 283), raised("part_2", 900))
    write(tmp_path, months("2000", "2000", "10")[-1])

    assert explained(tmp_path, "part_1")["target"] == "COLD"
    assert "It falls after: part_2 (HOT)." in said(tmp_path, "part_1")
    assert "Its next step is deactivate" in said(tmp_path, "part_2")


def test_a_step_above_the_cap_is_refused_with_the_amounts(tmp_path: Path) -> None:
    """Something else uses up what revenue pays for."""
    at_level_1(tmp_path, events.ResourceUnmanaged("part_2", ResourceState.HOT, (), 400 * UNIT))
    write(tmp_path, *raised("part_1", 0)[:2])

    assert "The step activate is refused: 683.00 a month would pass the cap of 450.00" in said(tmp_path, "part_1")


def test_observe_only_is_the_reason(tmp_path: Path) -> None:
    """It decides and does nothing."""
    at_level_1(tmp_path, mode=Mode.OBSERVE_ONLY)

    assert "The daemon observes only" in said(tmp_path, "part_1")


def test_the_host_is_never_moved(tmp_path: Path) -> None:
    """It has no target."""
    at_level_1(tmp_path)
    found = explained(tmp_path, "vps")

    assert (found["target"], found["steps"]) == (None, [])
    assert "never actuated" in found["reasons"][0]


def test_a_component_that_the_plan_dropped_is_still_explained(tmp_path: Path) -> None:
    """It is managed until it is COLD."""
    at_level_1(tmp_path, *raised("part_1", 283))
    plan = autobroker()
    smaller = msgspec.structs.replace(
        plan,
        components={key: each for key, each in plan.components.items() if key != "part_1"},
        levels=tuple(
            msgspec.structs.replace(level, components=tuple(each for each in level.components if each != "part_1"))
            for level in plan.levels
        ),
    )
    write(tmp_path, events.PlanAdopted(smaller, "a" * 64))
    found = explained(tmp_path, "part_1")

    assert (found["target"], found["reasons"][0]) == (
        "COLD",
        "The plan no longer has it: it is managed until it is COLD.",
    )


@pytest.mark.parametrize(
    ("subject", "message"),
    [("part_l", "did you mean 'part_"), ("levl_2", "did you mean 'level_2'"), ("9", "the plan's levels are 0 to 4")],
)
def test_an_unknown_name_is_exit_2_with_the_nearest(tmp_path: Path, subject: str, message: str) -> None:
    """Nothing on stdout."""
    write(tmp_path, started())
    result = run(explain_command, subject, "--state-dir", tmp_path)

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_without_a_plan_nothing_is_found(tmp_path: Path) -> None:
    """Exit 3."""
    write(tmp_path, events.Started("shop", "0.1.0", Mode.ACT))

    assert run(explain_command, "1", "--state-dir", tmp_path).exit_code == 3


def test_amounts_are_exact(tmp_path: Path) -> None:
    """What is missing, added to what was measured, is what the ratio needs, to the micro."""
    write(tmp_path, started(), months("1100", "1100"))
    found = explained(tmp_path, "2")
    needed = Decimal(found["measured"]["lowest_tested"]) + Decimal(found["missing"]["to_ratio"])

    assert Decimal("1183.00") <= needed * Decimal("0.90") < Decimal("1183.000001")
