"""`solvent status`: the published object, the tables, and what it does to a state directory: nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from adapters.sqlite_journal import JOURNAL_NAME, SqliteJournal
from adapters.state_directory import RunFacts, StateDirectory
from daemon.cli.status import status_command
from machines import events
from machines.events import BreakerStatus, Mode, Pause
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState
from machines.ports.journal import Proposal
from machines.state.whole import FOLD_VERSION
from tests.cli.recorded import START, files_of, months, raised, run, shown, started, write
from tests.contracts.journal import SetClock
from tests.deciding.months import UNIT
from tests.journal.journal_files import alter


def status(state_dir: Path) -> dict[str, Any]:
    """The object of `solvent status`."""
    return shown(status_command, "--state-dir", state_dir)


def table(state_dir: Path) -> str:
    """What a person sees."""
    result = run(status_command, "--state-dir", state_dir)
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout


def test_the_object_has_exactly_the_published_keys_and_values(tmp_path: Path) -> None:
    """A dead daemon at level 1: no pid, exact money, six decimals, ISO times."""
    write(tmp_path, started(), months("500"), raised("part_1", 283))

    assert status(tmp_path) == {
        "pid": None,
        "instance": "shop",
        "plan": "autobroker",
        "redis": None,
        "http": None,
        "mode": "act",
        "level": 1,
        "level_reached": 1,
        "level_id": "level_1",
        "mrr": "500.00",
        "revenue_last_month": "500.00",
        "committed_cost": "283.00",
        "cost_ratio": "0.566000",
        "frozen": None,
        "components": {
            "vps": {"state": "HOT", "since": "2024-06-01T00:00:00Z", "cost": "0.00", "breaker": "closed"},
            "part_1": {"state": "HOT", "since": "2024-06-01T00:02:00Z", "cost": "283.00", "breaker": "closed"},
            **{
                f"part_{index}": {
                    "state": "COLD",
                    "since": "2024-06-01T00:00:00Z",
                    "cost": "0.00",
                    "breaker": "closed",
                }
                for index in (2, 3, 4)
            },
        },
    }


def test_the_keys_stand_in_the_published_order(tmp_path: Path) -> None:
    """As the issue writes them."""
    write(tmp_path, started())

    assert list(status(tmp_path)) == [
        "pid",
        "instance",
        "plan",
        "redis",
        "http",
        "mode",
        "level",
        "level_reached",
        "level_id",
        "mrr",
        "revenue_last_month",
        "committed_cost",
        "cost_ratio",
        "frozen",
        "components",
    ]


def test_unknown_is_null_and_not_zero(tmp_path: Path) -> None:
    """Before the first close there is no MRR, no last month and no ratio."""
    write(tmp_path, started(mode=Mode.OBSERVE_ONLY))
    found = status(tmp_path)

    assert [found[key] for key in ("mrr", "revenue_last_month", "cost_ratio")] == [None] * 3
    assert [found[key] for key in ("mode", "level", "committed_cost")] == ["observe_only", 0, "50.00"]


def test_a_journal_without_a_plan_is_shown_with_nulls(tmp_path: Path) -> None:
    """A daemon that died in its first write."""
    write(tmp_path, events.Started("shop", "0.1.0", Mode.OBSERVE_ONLY))
    found = status(tmp_path)

    assert [found[key] for key in ("plan", "level", "level_reached", "level_id", "committed_cost")] == [None] * 5
    assert found["components"] == {}


def test_a_running_daemon_is_named(tmp_path: Path) -> None:
    """Its pid, its Redis and its HTTP endpoint come from its run facts."""
    write(tmp_path, started())
    with StateDirectory.hold(tmp_path, instance="shop", since=START) as directory:
        directory.write_run_facts(RunFacts(os.getpid(), "shop", "http://127.0.0.1:8417", "redis://127.0.0.1:6379"))
        found = status(tmp_path)

    assert [found[key] for key in ("pid", "redis", "http")] == [
        os.getpid(),
        "redis://127.0.0.1:6379",
        "http://127.0.0.1:8417",
    ]


def test_a_starting_daemon_has_a_pid_and_no_address(tmp_path: Path) -> None:
    """It holds the directory before it can say where it is found."""
    write(tmp_path, started())
    with StateDirectory.hold(tmp_path, instance="shop", since=START):
        found = status(tmp_path)

    assert [found["pid"], found["redis"], found["http"]] == [os.getpid(), None, None]


def test_frozen_names_the_freeze_and_the_pause(tmp_path: Path) -> None:
    """Both in words, with who paused and why."""
    write(
        tmp_path,
        started(),
        events.FreezeChanged("source_silent", frozen=True, reason="nothing was received"),
        events.PauseSet(Pause.UP, None, "migration", "alice"),
    )

    assert status(tmp_path)["frozen"] == "nothing was received; paused (up) by alice: migration"


@pytest.mark.parametrize(
    ("provider", "own", "worse"),
    [
        (BreakerStatus.OPEN, BreakerStatus.HALF_OPEN, "open"),
        (BreakerStatus.CLOSED, BreakerStatus.HALF_OPEN, "half_open"),
        (BreakerStatus.CLOSED, BreakerStatus.OPEN, "open"),
    ],
)
def test_the_breaker_is_the_worse_of_both(
    tmp_path: Path, provider: BreakerStatus, own: BreakerStatus, worse: str
) -> None:
    """The provider's and the component's own gate the same calls."""
    write(
        tmp_path,
        started(),
        events.BreakerChanged("provider:simulated", provider),
        events.BreakerChanged("component:part_1", own),
    )

    assert status(tmp_path)["components"]["part_1"]["breaker"] == worse


def test_it_reads_beside_a_daemon_that_writes(tmp_path: Path) -> None:
    """It sees what is durable, and the daemon writes on afterwards."""
    write(tmp_path, started())

    async def beside() -> list[object]:
        journal = await SqliteJournal.open(tmp_path / JOURNAL_NAME, clock=SetClock(START), fold_version=FOLD_VERSION)
        found: list[object] = []
        for reason in ("first", "second"):
            await journal.append([Proposal(events.FreezeChanged("clock", frozen=True, reason=reason), "test", START)])
            found.append((await asyncio.to_thread(status, tmp_path))["frozen"])
        await journal.close()
        return found

    assert asyncio.run(beside()) == ["first", "second"]


def test_it_reads_what_a_killed_daemon_left(tmp_path: Path) -> None:
    """Events that stand only in the write-ahead log are seen too."""
    write(tmp_path / "state", started())

    async def killed() -> None:
        path = tmp_path / "state" / JOURNAL_NAME
        journal = await SqliteJournal.open(path, clock=SetClock(START), fold_version=FOLD_VERSION)
        await journal.append([Proposal(events.FreezeChanged("clock", frozen=True, reason="jumped"), "test", START)])
        shutil.copytree(tmp_path / "state", tmp_path / "left")
        await journal.close()

    asyncio.run(killed())

    assert status(tmp_path / "left")["frozen"] == "jumped"


def test_it_starts_from_a_snapshot(tmp_path: Path) -> None:
    """And folds what followed it."""
    write(tmp_path, started(), months("500"), snapshot=True)
    write(tmp_path, events.FreezeChanged("clock", frozen=True, reason="after"))
    found = status(tmp_path)

    assert (found["level"], found["frozen"]) == (1, "after")


def test_a_state_directory_is_left_as_it_was(tmp_path: Path) -> None:
    """The same files with the same bytes before and after."""
    write(tmp_path, started(), months("500"))
    before = {each: (tmp_path / each).read_bytes() for each in files_of(tmp_path)}
    status(tmp_path)

    assert {each: (tmp_path / each).read_bytes() for each in files_of(tmp_path)} == before


@pytest.mark.parametrize("exists", [True, False])
def test_a_directory_that_is_no_state_directory_stays_untouched(tmp_path: Path, exists: bool) -> None:
    """Exit 2, a message that names it, and no new file."""
    directory = tmp_path if exists else tmp_path / "missing"
    result = run(status_command, "--state-dir", directory)

    assert (2, "") == (result.exit_code, result.stdout)
    assert f"{directory} is no state directory" in result.stderr
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "code", "message"), [(b"", 2, "holds nothing yet"), (b"no database" * 999, 1, "not readable")]
)
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes, code: int, message: str) -> None:
    """An empty one is none yet, another one is damaged."""
    (tmp_path / JOURNAL_NAME).write_bytes(content)
    result = run(status_command, "--state-dir", tmp_path)

    assert (code, "") == (result.exit_code, result.stdout)
    assert message in result.stderr


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """With the advice to name another directory."""
    alter(tmp_path / JOURNAL_NAME, "CREATE TABLE theirs (x)")
    result = run(status_command, "--state-dir", tmp_path)

    assert (1, "") == (result.exit_code, result.stdout)
    assert "no journal of solvent" in result.stderr


def test_a_damaged_journal_is_said_and_not_shown(tmp_path: Path) -> None:
    """Exit 1, and where the damage lies."""
    write(tmp_path, started(), months("500"))
    alter(tmp_path / JOURNAL_NAME, "UPDATE events SET actor = 'somebody' WHERE sequence = 3")
    result = run(status_command, "--state-dir", tmp_path)

    assert (1, "") == (result.exit_code, result.stdout)
    assert "is damaged: event 3" in result.stderr


def test_people_see_what_the_next_level_needs(tmp_path: Path) -> None:
    """Blocked by its ratio alone: the missing amount (RESOLUTIONS 2)."""
    write(tmp_path, started(), months("1100", "1100"))

    assert "Name 2 needs 214.45 more a month (solvent explain 2)." in table(tmp_path)


def test_people_see_the_months_that_are_missing(tmp_path: Path) -> None:
    """The debounce is part of what a level needs."""
    write(tmp_path, started(), months("2000"))

    assert "Name 2 needs 1 more closed month (solvent explain 2)." in table(tmp_path)


@pytest.mark.parametrize(("amounts", "text"), [((), "nothing was decided"), (("99999",) * 3, "is the top level")])
def test_people_see_why_nothing_is_missing(tmp_path: Path, amounts: tuple[str, ...], text: str) -> None:
    """Before the first close, and at the top."""
    write(tmp_path, started(), *([months(*amounts)] if amounts else []))

    assert text in table(tmp_path)


def test_people_see_what_waits_for_whom(tmp_path: Path) -> None:
    """Approvals, pins, parked and unmanaged components, parked actors; text from outside is no markup."""
    write(
        tmp_path,
        started(),
        [
            events.ApprovalAsked("level-2-9", "level:2", "debounce met", "planner", START, exceeds_cap=False),
            events.PinSet("part_1", ComponentState.WARM, None, "[red]migration", "alice"),
            events.ComponentParked("part_2", "activate was refused for good"),
            events.ResourceUnmanaged("part_3", ResourceState.HOT, ("theirs",), 7 * UNIT),
            events.ActorParked("revenue", "failed too often"),
            events.PauseSet(Pause.ALL, START, "holidays", "bob"),
        ],
    )
    text = table(tmp_path)

    for line in (
        "waits for approval: level:2 (id level-2-9): debounce met",
        "pinned: part_1 in WARM until unpinned by alice: [red]migration",
        "parked: part_2: activate was refused for good (redis-cli -h HOST -p PORT XADD solvent:",
        "unmanaged: part_3 was found hot",
        "parked: revenue: failed too often",
        "frozen: paused (all) by bob until 2024-06-01T00:00:00Z: holidays",
    ):
        assert line in text
