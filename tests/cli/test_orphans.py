"""`solvent orphans`: two reads of a simulated world over a journal written by hand."""

from __future__ import annotations

import json
from pathlib import Path

from adapters.provisioners.simulated import WORLD_NAME
from adapters.provisioners.simulated.world import LiveResource, SimulatedWorld, Standing
from daemon.cli.orphans import orphans_command
from machines.observations import ResourceState
from tests.cli.recorded import raised, run, shown, started, write


def world(state_dir: Path, **live: str) -> None:
    """A HOT resource of each component under this token."""
    made = {f"autobroker/{name}": Standing([LiveResource(token, 1, ResourceState.HOT)]) for name, token in live.items()}
    SimulatedWorld(components=made).save(state_dir / WORLD_NAME)


def test_a_world_without_orphans_ends_with_0(tmp_path: Path) -> None:
    """What a component stands on is none."""
    write(tmp_path, started(), raised("part_1", 283))
    world(tmp_path, part_1="part_1-1")

    assert {"orphans": [], "unknown": {}} == shown(orphans_command, "--state-dir", tmp_path, "--between", "0")


def test_orphans_end_with_1_and_their_reasons(tmp_path: Path) -> None:
    """By name and kind, so that they can be removed at the provider."""
    write(tmp_path, started(), raised("part_1", 283))
    world(tmp_path, part_1="part_1-1", part_2="left", gone="old")
    table = run(orphans_command, "--state-dir", tmp_path, "--between", "0")
    listed = run(orphans_command, "--state-dir", tmp_path, "--between", "0", "--format", "json")

    assert (1, 1) == (table.exit_code, listed.exit_code)
    assert table.stdout == (
        "simulated autobroker/part_2#0: part_2 is COLD: nothing of it should stand\n"
        "simulated autobroker/gone#0: the plan has no component gone\n"
        "2 orphans; 0 of 1 kinds could not be listed.\n"
    )
    assert ["left", "old"] == [each["token"] for each in json.loads(listed.stdout)["orphans"]]


def test_a_kind_that_cannot_be_listed_is_unknown_and_ends_with_2(tmp_path: Path) -> None:
    """None is claimed where nothing was seen."""
    write(tmp_path, started())
    (tmp_path / WORLD_NAME).write_text("no world")
    table = run(orphans_command, "--state-dir", tmp_path, "--between", "0")

    assert 2 == table.exit_code
    assert "simulated: unknown: could not be listed: " in table.stdout
