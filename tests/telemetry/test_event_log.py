"""What the log says of each event, under names that stay."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from structlog import get_logger
from structlog.testing import capture_logs

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.kernel import EventKind
from daemon.telemetry.event_log import EventLog
from daemon.telemetry.names import EVENT_NAMES, OTHER_NAMES, name_of
from machines import events
from machines.events import Event, Recorded, StepEnded, StepIntended, StepOutcome
from machines.ports.journal import Proposal
from tests.fixtures.event_samples import one_of_each
from tests.publication.folded import folded, history
from tests.simulation.virtual_loop import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "logs.md"


def logged(happened: list[Recorded]) -> list[dict[str, Any]]:
    """The lines of these events."""
    with capture_logs() as lines:
        log = EventLog(get_logger("events"))
        for each in happened:
            log.note(each)
    return [dict(line) for line in lines]


def line_for(event: Event) -> dict[str, Any]:
    """The one line of an event."""
    return logged([Recorded(7, 0, 0, "tester", 5, event)])[0]


def test_a_steps_line_tells_its_story() -> None:
    """The golden fields of the lines that operators search by."""
    lines = logged(history())
    step = next(line for line in lines if line["event"] == "step_ended" and line["outcome"] == "ambiguous")

    assert {
        "event": "step_ended",
        "log_level": "warning",
        "actor": "supervisor",
        "sequence": 15,
        "cause": 9,
        "decision": 9,
        "component": "alb",
        "step": "warm",
        "token": "t-alb",
        "outcome": "ambiguous",
        "from_state": "WARMING",
        "to_state": "WARMING",
        "committed": "20.00",
        "reason": "no answer",
        "attempt": 1,
    } == step


def test_a_decisions_line_names_itself() -> None:
    """The decision's own sequence number is what its steps carry, and money is text."""
    decided = next(line for line in logged(history()) if line["event"] == "level_decided")

    assert (9, 9, 0, 1, "up") == tuple(
        decided[name] for name in ("sequence", "decision", "from_level", "to_level", "direction")
    )
    assert ("650.00", "283.00", "585.00") == tuple(decided[name] for name in ("measure", "committed_cost", "cap"))


def test_all_lines_of_one_decision_can_be_selected() -> None:
    """The decision, its steps and what became of them carry the same number."""
    story = [line["event"] for line in logged(history()) if line.get("decision") == 9]

    assert ["level_decided", *["step_intended", "step_ended"] * 3, "component_parked"] == story


def test_an_open_intent_remembers_its_decision_over_a_restart() -> None:
    """The answer that comes in the next process still belongs to the decision."""
    happened = history()
    middle = next(n for n, each in enumerate(happened) if isinstance(each.event, StepEnded))

    async def scenario() -> list[dict[str, Any]]:
        journal = MemoryJournal(MemoryStore(), LoopClock(0))
        for each in happened[:middle]:
            await journal.append([Proposal(each.event, each.actor, each.effective_at, each.cause)])
        with capture_logs() as lines:
            log = EventLog(get_logger("events"))
            await log.recall(journal, folded(happened[:middle]))
            log.note(happened[middle])
        return [dict(line) for line in lines]

    assert isinstance(happened[middle - 1].event, StepIntended)
    assert 9 == run(scenario, 1)[0]["decision"]


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_every_event_has_a_line_of_plain_values(event: Event) -> None:
    """Each event can be logged under its name; no field is a float, a list or an object, and none hides another."""
    line = line_for(event)

    assert name_of(event) == line["event"]
    assert ("tester", 7, 5) == (line["actor"], line["sequence"], line["cause"])
    assert [] == [name for name, value in line.items() if type(value) not in (str, int, bool)]


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_money_is_never_micros(event: Event) -> None:
    """People read units of the currency."""
    assert [] == [name for name in line_for(event) if name.endswith("_micros")]


def test_no_customer_and_no_raw_entry_is_logged() -> None:
    """Neither what was sent nor the words that quote it, where the words are about the customer."""
    raw = '{"customer_id":"ann@example.org"}'
    rejected = events.EntryRejected("payments", "5-0", "customer_id", "found 'ann@example.org'", raw)

    assert "ann@example.org" not in str(line_for(rejected))
    assert "p-1" not in str(logged(history()))


def test_a_freeze_has_two_names() -> None:
    """Freezing is an error, thawing is news."""
    frozen = line_for(events.FreezeChanged("clock", frozen=True, reason="jumped"))
    thawed = line_for(events.FreezeChanged("clock", frozen=False))

    assert ("frozen", "error", "clock", "jumped") == tuple(frozen[n] for n in ("event", "log_level", "key", "reason"))
    assert ("thawed", "info") == (thawed["event"], thawed["log_level"])


def test_a_parked_actor_is_named_beside_the_one_who_says_so() -> None:
    """`actor` is always who recorded the event."""
    line = line_for(events.ActorParked("component:alb", "five failures"))

    assert ("tester", "component:alb", "error") == (line["actor"], line["name"], line["log_level"])


@pytest.mark.parametrize("kind", list(EventKind))
def test_the_kernels_troubles_are_logged(kind: EventKind) -> None:
    """Each kind has a name in the registry, the task's name and the detail."""
    with capture_logs() as lines:
        EventLog(get_logger("events")).note_kernel(kind, "revenue", "it failed")

    assert ("revenue", "it failed") == (lines[0]["name"], lines[0]["reason"])
    assert lines[0]["event"] in OTHER_NAMES


def test_the_page_of_logs_is_the_registry() -> None:
    """docs/logs.md has a row for each name and for no other."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    expected = [
        *(f"| `{name}` | `{kind.__name__}` is recorded |" for kind, name in EVENT_NAMES.items()),
        *(f"| `{name}` | {meaning} |" for name, meaning in OTHER_NAMES.items()),
    ]

    assert expected == rows


def test_every_event_has_a_name_of_its_own() -> None:
    """No two events share one, and none is taken by something else."""
    names = [name_of(event) for event in one_of_each()]

    assert len(names) == len(set(names)) == len(get_args(Event))
    assert set() == set(EVENT_NAMES.values()) & OTHER_NAMES.keys()


def test_no_other_name_is_used() -> None:
    """Whatever the daemon logs by itself stands in the registry."""
    said = re.compile(r"(?:_log|get_logger\([^)]*\)|_logger)\.(?:debug|info|warning|error|exception)\(\s*\"(\w+)\"")
    used = {name for path in (ROOT / "daemon").rglob("*.py") for name in said.findall(path.read_text(encoding="utf-8"))}

    assert {"publication_away", "stream_blocked", "http_listening"} <= used
    assert set() == used - OTHER_NAMES.keys()


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (StepOutcome.DONE, "info"),
        (StepOutcome.BEGUN, "info"),
        (StepOutcome.TRANSIENT, "warning"),
        (StepOutcome.AMBIGUOUS, "warning"),
        (StepOutcome.PERMANENT, "error"),
    ],
)
def test_a_step_under_way_is_no_warning(outcome: StepOutcome, level: str) -> None:
    """That a provider took the request and works is as it should be; only what went wrong is loud."""
    sample = next(each for each in one_of_each() if isinstance(each, StepEnded))

    assert level == line_for(msgspec.structs.replace(sample, outcome=outcome))["log_level"]
