"""`solvent history`: the audit log, filtered, newest last, and the story of a decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from adapters.sqlite_journal import JOURNAL_NAME
from config.instants import MINUTE
from daemon import history_reading
from daemon.cli.event_text import event_text
from daemon.cli.history import SHOWN_EVENTS, history_command
from machines import events
from machines.events import Event
from machines.lifecycle_states import ComponentState, Step
from machines.ports.journal import Proposal
from tests.cli.recorded import START, intended, months, raised, run, started, write
from tests.fixtures.event_samples import one_of_each
from tests.journal.journal_files import alter


def lines(state_dir: Path, *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of `solvent history`."""
    result = run(history_command, "--state-dir", state_dir, "--format", "json", *arguments)
    assert (0, "") == (result.exit_code, result.stderr), result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def types(state_dir: Path, *arguments: str) -> list[str]:
    """The kinds of the events that are shown."""
    return [line["type"] for line in lines(state_dir, *arguments)]


def freezes(count: int) -> list[Event]:
    """So many events that can be told apart."""
    return [events.FreezeChanged(f"key {index}", frozen=True, reason="why") for index in range(count)]


def test_a_line_has_the_event_whole(tmp_path: Path) -> None:
    """Number, times, actor, cause, kind, sentence and the event as the journal holds it."""
    write(tmp_path, [Proposal(events.ActorParked("revenue", "failed"), "kernel", START - MINUTE, 1)])

    assert lines(tmp_path) == [
        {
            "sequence": 1,
            "recorded_at": "2024-06-01T00:00:00Z",
            "effective_at": "2024-05-31T23:59:00Z",
            "actor": "kernel",
            "cause": 1,
            "type": "ActorParked",
            "text": "actor revenue parked: failed",
            "event": {"type": "ActorParked", "actor": "revenue", "reason": "failed"},
        }
    ]


def test_the_newest_event_is_last(tmp_path: Path) -> None:
    """In the order of the journal."""
    write(tmp_path, started(), *freezes(3))

    assert [line["sequence"] for line in lines(tmp_path)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--component", "part_1"], ["StepIntended", "StepEnded", "StepIntended", "StepEnded", "BreakerChanged"]),
        (["--component", "part_2"], ["ApprovalAsked"]),
        (["--level"], ["PlanAdopted", "MonthClosed", "LevelDecided", "ApprovalAsked"]),
        (["--type", "Started", "--type", "MonthClosed"], ["Started", "MonthClosed"]),
        (["--actor", "planner"], ["ActorParked"]),
        (["--since", "2024-06-01T00:02:00Z", "--until", "2024-06-01T00:04:00Z"], ["StepIntended", "StepEnded"] * 2),
        (["--until", "2024-05-31", "--type", "Started"], None),
        (["--until", "2024-06-01", "--type", "Started"], ["Started"]),
        (["--since", "2024-06-01", "--type", "Started"], ["Started"]),
        (["--since", "2024-06-02"], None),
        (["--actor", "nobody"], None),
        (["--decision", "999"], None),
        (["--decision", "99999999999999999999"], None),
    ],
)
def test_filters(tmp_path: Path, arguments: list[str], expected: list[str] | None) -> None:
    """Every condition that is given must hold; where nothing does, the exit code is 3."""
    write(
        tmp_path,
        started(),
        months("500"),
        raised("part_1", 283)[:2],
        raised("part_1", 283)[2:],
        events.BreakerChanged("component:part_1", events.BreakerStatus.OPEN),
        events.ApprovalAsked("a", "component:part_2", "over the cap", "alice", START, exceeds_cap=True),
        Proposal(events.ActorParked("revenue", "failed"), "planner", START),
    )

    if expected is None:
        assert run(history_command, "--state-dir", tmp_path, "--format", "json", *arguments).exit_code == 3
    else:
        assert types(tmp_path, *arguments) == expected


def test_a_limit_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they lie in several chunks; more is said on standard error."""
    monkeypatch.setattr(history_reading, "CHUNK_EVENTS", 3)
    write(tmp_path, started(), freezes(10))
    result = run(history_command, "--state-dir", tmp_path, "--format", "json", "--limit", "7")

    assert [json.loads(line)["sequence"] for line in result.stdout.splitlines()] == [6, 7, 8, 9, 10, 11, 12]
    assert result.stderr.startswith("older events are not shown")


def test_a_chunk_boundary_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit above the number of events shows each once."""
    monkeypatch.setattr(history_reading, "CHUNK_EVENTS", 3)
    write(tmp_path, started(), freezes(10))

    assert [line["sequence"] for line in lines(tmp_path, "--limit", "99")] == list(range(1, 13))


def test_a_table_shows_the_newest_fifty(tmp_path: Path) -> None:
    """JSON shows all unless told otherwise."""
    write(tmp_path, freezes(SHOWN_EVENTS + 1))
    result = run(history_command, "--state-dir", tmp_path)

    assert f"frozen, key {SHOWN_EVENTS}: why" in result.stdout
    assert "frozen, key 0: why" not in result.stdout
    assert len(lines(tmp_path)) == SHOWN_EVENTS + 1


def test_text_from_outside_is_no_markup(tmp_path: Path) -> None:
    """Brackets are shown as they are."""
    write(tmp_path, events.ActorParked("revenue", "[bold]failed[/bold]"))

    assert "[bold]failed[/bold]" in run(history_command, "--state-dir", tmp_path).stdout


def test_a_story_has_what_led_to_a_decision_and_what_followed(tmp_path: Path) -> None:
    """Cause links are followed both ways; what has nothing to do with it is left out."""
    step = intended("part_1", Step.WARM, ComponentState.COLD, ComponentState.WARMING, 0)
    write(
        tmp_path,
        started(),
        *freezes(1),
        Proposal(months("500")[1], "revenue", START, 1),
        Proposal(months("500")[-1], "planner", START, 4),
        *freezes(1),
        Proposal(step, "supervisor", START, 5),
        *freezes(1),
        Proposal(events.ComponentParked("part_1", "refused"), "component:part_1", START, 7),
    )

    assert [line["sequence"] for line in lines(tmp_path, "--decision", "5")] == [1, 4, 5, 7, 9]
    assert types(tmp_path, "--decision", "5", "--component", "part_1") == ["StepIntended", "ComponentParked"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--type", "LevelDecidet"], "did you mean 'LevelDecided'"),
        (["--component", "part_l"], "did you mean 'part_"),
        (["--since", "yesterday"], "--since: expected a date or a time"),
        (["--until", "2024-06-01T00:00:00"], "--until: expected a date or a time"),
        (["--decision", "0"], "--decision"),
        (["--limit", "-1"], "--limit"),
    ],
)
def test_bad_input_is_a_message_and_exit_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Nothing on stdout."""
    write(tmp_path, started())
    result = run(history_command, "--state-dir", tmp_path, *arguments)

    assert (2, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_a_damaged_journal_ends_with_exit_1(tmp_path: Path) -> None:
    """Nothing is shown, and the event is named."""
    write(tmp_path, started(), freezes(3))
    alter(tmp_path / JOURNAL_NAME, "UPDATE events SET actor = 'somebody' WHERE sequence = 4")
    result = run(history_command, "--state-dir", tmp_path)

    assert (1, "") == (result.exit_code, result.stdout)
    assert "event 4" in result.stderr


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_every_event_has_a_sentence(event: Event) -> None:
    """More than its name, in one line, without Python's own spelling of values."""
    text = event_text(event)

    assert text != type(event).__name__
    assert "\n" not in text
    assert not any(mark in text for mark in ("<", "None", "Struct", "micros"))


def test_every_kind_of_event_is_among_the_samples() -> None:
    """The sentences of all kinds were looked at."""
    assert {type(event) for event in one_of_each()} == set(get_args(Event))
