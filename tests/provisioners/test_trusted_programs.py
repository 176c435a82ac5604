"""Programs that anybody could have changed are not run."""

# ruff: noqa: ASYNC240 - a test may block its own loop

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.processes.trusted import fault_of
from adapters.provisioners import command
from adapters.provisioners.registry import Surroundings
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource
from tests.provisioners.file_world import FileWorld

NOBODY = 65_534
ABSENT = ["echo", '{"state": "absent"}']


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that leaves a file behind when it runs."""
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o755)
    path = folder / "switch.sh"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    path.chmod(0o755)
    return path


def a_component(program: Path, *before: str) -> Resource:
    """A component that warms with the program."""
    rest: dict[str, Any] = {action: ["true"] for action in ("activate", "deactivate", "decommission")}
    return Resource("shop", "web", {"observe": ABSENT, "warm": [*before, str(program)], **rest})


def linked(program: Path) -> None:
    """The program is a link to one that everybody may write."""
    real = program.with_name("real.sh")
    program.rename(real)
    real.chmod(0o757)
    program.symlink_to(real)


DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    ("writable by all", lambda path: path.chmod(0o757), "chmod o-w"),
    ("in a folder writable by all", lambda path: path.parent.chmod(0o777), "chmod o-w"),
    ("a link to one writable by all", linked, "chmod o-w"),
]


@pytest.mark.parametrize(("damage", "mend"), [each[1:] for each in DAMAGES], ids=[each[0] for each in DAMAGES])
@pytest.mark.parametrize("before", [(), ("sh",)], ids=["program", "argument of an interpreter"])
async def test_what_anybody_can_change_is_not_run(
    program: Path, damage: Callable[[Path], None], mend: str, before: tuple[str, ...], tmp_path: Path
) -> None:
    """It is refused for good with what mends it, and it did not run."""
    world = FileWorld(tmp_path)
    damage(program)

    with pytest.raises(Permanent) as refused:
        await world.provisioner().take(Step.WARM, world.order(a_component(program, *before)))

    assert mend in refused.value.reason
    assert not (tmp_path / "ran").exists()


async def test_a_relative_name_in_an_open_working_directory_is_not_run(program: Path, tmp_path: Path) -> None:
    """Neither the file that the argument names there nor the folder itself may be everybody's."""
    world = FileWorld(tmp_path)
    program.chmod(0o757)
    options = {**a_component(program).options, "warm": ["sh", program.name], "working_directory": str(program.parent)}

    with pytest.raises(Permanent, match="chmod o-w"):
        await world.provisioner().take(Step.WARM, world.order(Resource("shop", "web", options)))

    assert not (tmp_path / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another group")
def test_a_program_that_another_group_can_write_is_named(program: Path) -> None:
    """A group of somebody else's is nobody that we trust."""
    os.chown(program, 0, NOBODY)
    program.chmod(0o775)

    assert f"{program} can be written by the group {NOBODY}" in fault_of(program, 0)


async def test_an_interpreter_that_everybody_can_change_is_not_run(program: Path, tmp_path: Path) -> None:
    """What stands behind `#!` is what runs."""
    world, interpreter = FileWorld(tmp_path), program.with_name("shell")
    interpreter.write_text("#!/bin/sh\n")
    interpreter.chmod(0o757)
    program.write_text(f"#!{interpreter}\ntouch {tmp_path}/ran\n")

    with pytest.raises(Permanent, match="chmod o-w"):
        await world.provisioner().take(Step.WARM, world.order(a_component(program)))


async def test_what_only_its_owner_can_change_runs(program: Path, tmp_path: Path) -> None:
    """The same program with ordinary modes is run."""
    world = FileWorld(tmp_path)
    await world.provisioner().take(Step.WARM, world.order(a_component(program)))

    assert (tmp_path / "ran").exists()


async def test_a_look_is_refused_too(program: Path, tmp_path: Path) -> None:
    """`observe` is a program like the others."""
    program.chmod(0o757)
    resource = Resource("shop", "web", {**a_component(program).options, "observe": [str(program)]})

    with pytest.raises(Permanent, match="chmod o-w"):
        await FileWorld(tmp_path).provisioner().observe(resource)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("which", ["program", "folder"])
def test_a_program_of_another_user_is_named(program: Path, which: str) -> None:
    """Neither it nor its folder may belong to anybody but root and our own user."""
    given = program if which == "program" else program.parent
    os.chown(given, NOBODY, NOBODY)

    assert f"{given} belongs to uid {NOBODY}" in fault_of(program, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_our_own_users_program_is_trusted(tmp_path: Path) -> None:
    """A service that runs as a user of its own may run that user's files."""
    program = tmp_path / "own.sh"
    program.touch(0o755)
    os.chown(program, NOBODY, NOBODY)

    assert "" == fault_of(program, NOBODY)


def test_a_folder_with_the_sticky_bit_is_trusted(tmp_path: Path) -> None:
    """In such a folder, as /tmp is, nobody can replace another's file."""
    folder = tmp_path / "sticky"
    folder.mkdir()
    folder.chmod(0o1777)
    (folder / "own.sh").touch(0o755)

    assert "" == fault_of(folder / "own.sh", os.geteuid())


async def test_the_check_of_a_plan_names_it(program: Path, tmp_path: Path) -> None:
    """`solvent plan check` says it before the first step, once for each file."""
    program.chmod(0o757)
    world = FileWorld(tmp_path)
    surroundings = Surroundings(tmp_path, world.clock, lambda most: most - 1, os.environ)
    sentences = await command.preflight([a_component(program), a_component(program)], surroundings)

    assert [f"{program} can be written by every user of this machine, and solvent runs it; chmod o-w {program}"] == [
        *sentences
    ]
