"""`solvent drift`: one look at each component over a journal written by hand, through the real scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.drift import drift_command
from machines.events import Event, PinSet, ResourceNamed
from machines.lifecycle_states import ComponentState, Step
from tests.cli.recorded import ended, files_of, intended, raised, run, shown, started, write
from tests.processes.file_shop import FileShop

COLD, WARMING, WARM = ComponentState.COLD, ComponentState.WARMING, ComponentState.WARM


@pytest.fixture
def shop(tmp_path: Path) -> FileShop:
    """A shop whose components are directories."""
    return FileShop(tmp_path / "shop")


@pytest.fixture
def state_dir(tmp_path: Path, shop: FileShop) -> Path:
    """A journal by which the files stand HOT and the database WARM."""
    warm: list[Event] = [
        intended("database", Step.WARM, COLD, WARMING, 6),
        ended("database", Step.WARM, WARM, 6, from_state=WARMING),
    ]
    write(tmp_path, started(shop.plan), raised("files", 0), warm)
    stands(shop.world / "files", "files-1", "hot")
    stands(shop.world / "database", "database-1", "warm")
    return tmp_path


def stands(target: Path, token: str, state: str) -> None:
    """Let a resource stand, whoever made it."""
    live = target / "live" / token
    live.mkdir(parents=True, exist_ok=True)
    (live / "state").write_text(f"{state}\n")


def found(state_dir: Path, code: int) -> dict[str, Any]:
    """The object of `solvent drift`, which ended with this exit code."""
    if code == 0:
        return shown(drift_command, "--state-dir", state_dir)
    result = run(drift_command, "--state-dir", state_dir, "--format", "json")
    assert (code, "") == (result.exit_code, result.stderr), result.output
    whole: dict[str, Any] = json.loads(result.stdout)
    return whole


def test_a_world_as_recorded_ends_with_0(state_dir: Path) -> None:
    """Every component but the host is looked at, and none differs."""
    seen = found(state_dir, 0)

    assert ("shop", "act", 0, 0) == (seen["plan"], seen["mode"], seen["drifted"], seen["unknown"])
    assert ["files", "database", "web", "search"] == list(seen["components"])
    assert {
        "recorded": "HOT",
        "resource": None,
        "observed": "hot",
        "tokens": ["files-1"],
        "differences": [],
        "foreign_writer": None,
        "detail": None,
        "drifted": False,
        "would": "nothing",
        "reason": None,
    } == seen["components"]["files"]


def test_what_differs_ends_with_1_and_says_what_solvent_would_do(state_dir: Path, shop: FileShop) -> None:
    """Something was activated behind its back, something vanished, something strange stands."""
    stands(shop.world / "database", "database-1", "hot")
    (shop.world / "files" / "live" / "files-1" / "state").unlink()
    (shop.world / "files" / "live" / "files-1").rmdir()
    stands(shop.world / "search", "by-hand", "hot")
    seen = found(state_dir, 1)
    table = run(drift_command, "--state-dir", state_dir)

    assert 3 == seen["drifted"]
    assert ["absent", "hot", "absent", "hot"] == [each["observed"] for each in seen["components"].values()]
    assert "record COLD, then warm it" == seen["components"]["files"]["would"]
    assert 1 == table.exit_code
    assert "files: DRIFT: recorded HOT, observed absent\n  solvent would: record COLD, then warm it" in table.stdout
    assert "search: DRIFT: recorded COLD, observed hot\n  solvent would: count its cost" in table.stdout
    assert "web: recorded COLD, observed absent\n" in table.stdout
    assert table.stdout.endswith("3 of 4 components drifted, 0 could not be seen.\n")


def test_after_a_disaster_what_stored_data_would_be_parked(tmp_path: Path, shop: FileShop) -> None:
    """All that was made is gone: the report says so of each, and that nobody gets an empty database unasked."""
    pinned = PinSet("database", ComponentState.HOT, None, "r", "ann")
    write(tmp_path, started(shop.plan), raised("files", 0), raised("database", 6), pinned)
    components = found(tmp_path, 1)["components"]

    assert "record COLD, then warm it" == components["files"]["would"]
    assert components["database"]["would"].startswith("record COLD and park it: what it stored is gone")


def test_a_look_that_fails_is_unknown_and_not_drift(state_dir: Path, shop: FileShop) -> None:
    """With its reason; the others are still told."""
    stands(shop.world / "files", "files-1", "nonsense")
    seen = found(state_dir, 0)
    table = run(drift_command, "--state-dir", state_dir).stdout

    assert (0, 1) == (seen["drifted"], seen["unknown"])
    assert (None, None) == (seen["components"]["files"]["drifted"], seen["components"]["files"]["observed"])
    assert seen["components"]["files"]["reason"]
    assert f"files: unknown: recorded HOT, not seen: {seen['components']['files']['reason']}" in table


def test_where_nothing_can_be_seen_it_ends_with_2(tmp_path: Path, shop: FileShop) -> None:
    """No agreement is claimed."""
    write(tmp_path, started(shop.plan))
    for name in ("files", "database", "web", "search"):
        stands(shop.world / name, "t", "nonsense")

    assert 4 == found(tmp_path, 2)["unknown"]


def test_an_adopted_resource_is_looked_at_by_its_name(state_dir: Path, shop: FileShop) -> None:
    """Not where solvent would have made its own."""
    place = shop.world / "made-by-hand"
    stands(place, "theirs", "hot")
    write(state_dir, ResourceNamed("search", str(place), "made by hand", "ann"))
    search = found(state_dir, 1)["components"]["search"]

    assert (str(place), "hot", f"adopt {place}") == (search["resource"], search["observed"], search["would"])


def test_nothing_is_written_and_nothing_is_called_but_looks(state_dir: Path, shop: FileShop) -> None:
    """The journal and the world stay as they are."""
    before, world = (state_dir / "journal.sqlite").read_bytes(), sorted(shop.world.rglob("*"))
    found(state_dir, 0)

    assert before == (state_dir / "journal.sqlite").read_bytes()
    assert world == sorted(shop.world.rglob("*"))
    assert [] == shop.calls()
    assert "journal.sqlite" in files_of(state_dir)


def test_what_is_no_state_directory_ends_with_2(tmp_path: Path) -> None:
    """And so does a journal without a plan."""
    nowhere = run(drift_command, "--state-dir", tmp_path / "nowhere")
    write(tmp_path, [started()[0]])
    planless = run(drift_command, "--state-dir", tmp_path)

    assert (2, 2) == (nowhere.exit_code, planless.exit_code)
    assert "has no plan yet" in planless.stderr
