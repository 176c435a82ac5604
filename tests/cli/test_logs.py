"""`solvent logs`: the log told again from the journal, and one decision's whole story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog import get_logger
from structlog.testing import capture_logs

from config.instants import MINUTE
from daemon.cli.logs import logs_command
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.told import Told
from machines import events
from machines.events import Recorded
from machines.lifecycle_states import ComponentState, Step
from machines.ports.journal import Proposal
from tests.cli.recorded import START, ended, intended, months, run, started, write
from tests.fixtures.event_samples import one_of_each

WARM, ACTIVATING, HOT = ComponentState.WARM, ComponentState.ACTIVATING, ComponentState.HOT


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A first decision (event 7), a step that follows from it, its answer, and a freeze that does not."""
    step = intended("rds_single", Step.ACTIVATE, WARM, ACTIVATING, 40)
    answer = ended("rds_single", Step.ACTIVATE, HOT, 40)
    write(
        tmp_path,
        started(),
        months("650"),
        Proposal(step, "supervisor", START + 2 * MINUTE, 7),
        Proposal(answer, "component:rds_single", START + 3 * MINUTE, 8),
        events.FreezeChanged("clock", frozen=True, reason="jumped"),
    )
    return tmp_path


def lines(state_dir: Path, *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines that the command prints."""
    result = run(logs_command, "--state-dir", state_dir, "--format", "json", *arguments)
    assert (0, "") == (result.exit_code, result.stderr), result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_decisions_story_has_its_steps_and_their_answers(state_dir: Path) -> None:
    """Every line that follows from the decision carries its number; what does not is left out."""
    told = lines(state_dir, "--decision", "7")

    assert [("level_decided", 7), ("step_intended", 7), ("step_ended", 7)] == [
        (line["event"], line["decision"]) for line in told
    ]


def test_people_read_what_the_decision_found_of_each_level(state_dir: Path) -> None:
    """Under the decision stand its levels, its measure and its cap."""
    result = run(logs_command, "--state-dir", state_dir, "--format", "console", "--decision", "7")

    assert 0 == result.exit_code, result.output
    assert "level 1: " in result.stdout
    assert "measure 650.00, cap " in result.stdout


def test_a_number_that_is_no_decision_is_said(state_dir: Path) -> None:
    """The exit status is 3, and the message names the number."""
    for number in ("8", "99999999999999999999"):
        result = run(logs_command, "--state-dir", state_dir, "--decision", number)

        assert (3, f"{number} is no decision\n") == (result.exit_code, result.stderr)


def test_lines_are_chosen_by_how_loud_they_are(state_dir: Path) -> None:
    """`--level error` leaves only what froze."""
    assert ["frozen"] == [line["event"] for line in lines(state_dir, "--level", "error")]


def test_a_step_names_its_decision_without_being_asked(state_dir: Path) -> None:
    """The decision is found by the causes, also where the list begins after it."""
    told = lines(state_dir, "--event", "step_ended")

    assert [("step_ended", 7)] == [(line["event"], line["decision"]) for line in told]


def test_an_unknown_name_is_corrected(state_dir: Path) -> None:
    """A slip is answered with the nearest name."""
    result = run(logs_command, "--state-dir", state_dir, "--event", "step_endet")

    assert 2 == result.exit_code
    assert "did you mean 'step_ended'?" in result.stderr


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_a_line_told_again_is_the_line_of_the_log(event: events.Event) -> None:
    """Name, loudness and fields are those that the daemon logged."""
    recorded = Recorded(7, 0, 0, "tester", None, event)
    with capture_logs() as captured:
        EventLog(get_logger("events")).note(recorded)
    logged = dict(captured[0])
    told = dict(Told.of(recorded, logged.get("decision")).fields)
    told["log_level"] = told.pop("level")
    told.pop("timestamp")

    assert logged == told
