"""How the command provisioner runs a script, and what it makes of its end."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.processes import running
from adapters.processes.output import OUTPUT_BYTES_MAX
from adapters.provisioners.command import CommandObserver
from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.file_world import FileWorld

ABSENT = ["echo", '{"state": "absent"}']


@pytest.fixture
def world(tmp_path: Path) -> FileWorld:
    """A state directory, a clock and the troubles."""
    return FileWorld(tmp_path)


def scripted(world: FileWorld, **options: Any) -> Resource:
    """A component whose every script is `true`, save those given; `sh` texts become `sh -c`."""
    scripts = {action: ["true"] for action in ("warm", "activate", "deactivate", "decommission")}
    given = {key: ["sh", "-c", value] if isinstance(value, str) else value for key, value in options.items()}
    plain = {"observe": ABSENT, **scripts, **given}
    return Resource("shop", "web", plain)


@pytest.mark.parametrize(
    ("script", "word", "sentence"),
    [
        ("echo not now >&2; exit 75", Transient, "exit 75): not now"),
        ("echo no such region >&2; exit 1", Permanent, "exit 1: no such region"),
        ("exit 127", Permanent, "exit 127"),
        ("kill -TERM $$", Ambiguous, "signal (Terminated)"),
        ("kill -KILL $$", Ambiguous, "signal (Killed)"),
    ],
)
async def test_the_end_of_a_script_is_one_of_three_words(
    world: FileWorld, script: str, word: type[CallError], sentence: str
) -> None:
    """Exit 75 is transient, any other exit permanent, a signal ambiguous; the message ends with what it said."""
    with pytest.raises(word) as raised:
        await world.provisioner().take(Step.WARM, world.order(scripted(world, warm=script)))

    assert sentence in raised.value.reason


@pytest.mark.parametrize("argv", [["/no/such/script"], ["no-such-program"], [str(Path(__file__))], ["/"]])
async def test_what_cannot_be_started_is_named(world: FileWorld, argv: list[str]) -> None:
    """A script that is not there or not executable is refused for good, by its path."""
    with pytest.raises(Permanent) as raised:
        await world.provisioner().take(Step.WARM, world.order(scripted(world, warm=argv)))

    assert argv[0] in raised.value.reason


async def test_a_missing_working_directory_is_named(world: FileWorld) -> None:
    """The directory, not the script, is named where it is the directory that is missing."""
    resource = Resource("shop", "web", {**scripted(world).options, "working_directory": "/no/such/directory"})

    with pytest.raises(Permanent, match="/no/such/directory"):
        await world.provisioner().observe(resource)


async def test_a_script_sees_its_order_and_no_secret(world: FileWorld) -> None:
    """The environment holds the order, PATH and HOME, and nothing else of the daemon's."""
    seen = world.root / "environment"
    resource = scripted(world, warm=f"env > {seen}")

    await world.provisioner().take(Step.WARM, world.order(resource, generation=7, within_s=60, fencing=3))

    variables = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    for added_by_the_shell in ("PWD", "OLDPWD", "_", "SHLVL"):
        variables.pop(added_by_the_shell, None)
    assert variables.pop("SOLVENT_DEADLINE").startswith("2024-01-01T00:0")
    assert variables == {
        "PATH": "/bin:/usr/bin",
        "HOME": "/nowhere",
        "SOLVENT_STEP": "warm",
        "SOLVENT_PLAN": "shop",
        "SOLVENT_COMPONENT": "web",
        "SOLVENT_TARGET": "web",
        "SOLVENT_RESOURCE": "",
        "SOLVENT_TOKEN": TOKEN,
        "SOLVENT_GENERATION": "7",
        "SOLVENT_FENCING": "3",
    }


async def test_no_shell_reads_the_arguments(world: FileWorld) -> None:
    """Arguments arrive as they were written."""
    resource = scripted(world, observe=["printf", '{"state": "warm", "detail": "%s"}', "$(id) `id` ; * &"])

    seen = await world.provisioner().observe(resource)

    assert seen.detail == "$(id) `id` ; * &"


async def test_a_script_reads_nothing_and_has_its_own_session(world: FileWorld) -> None:
    """Standard input is empty, and the script leads its own process group."""
    program = "import os, sys; sys.exit(os.getsid(0) != os.getpid() or sys.stdin.read() != '')"

    done = await world.provisioner().take(Step.WARM, world.order(scripted(world, warm=[sys.executable, "-c", program])))

    assert done.request_id.startswith("process ")


async def test_a_flood_of_output_is_bounded(world: FileWorld) -> None:
    """A script that prints far more than the limit ends as usual, and the message has the end of what it said."""
    script = f"head -c {OUTPUT_BYTES_MAX * 3} /dev/zero | tr '\\0' x >&2; echo; echo the end >&2; exit 1"

    with pytest.raises(Permanent) as raised:
        await world.provisioner().take(Step.WARM, world.order(scripted(world, warm=script)))

    assert raised.value.reason.endswith("the end")
    assert len(raised.value.reason) < 3_000


async def test_the_time_limit_ends_the_whole_group(world: FileWorld) -> None:
    """A script over its time limit that ignores SIGTERM is killed after the grace, and the call is ambiguous."""
    resource = world.resource()
    world.arrange("warm", "stubborn", resource)
    limited = Resource("shop", "web", {**resource.options, "time_limit_s": 30})

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        late = group.create_task(reason_of(world, limited))
        await world.begun()
        while not late.done():
            world.advance(6)
            await asyncio.sleep(0)

    assert "did not end within 30 s" in late.result()
    assert (await world.provisioner().observe(resource)).state is ResourceState.ABSENT


async def reason_of(world: FileWorld, resource: Resource) -> str:
    """Why the warming was ambiguous."""
    with pytest.raises(Ambiguous) as unknown:
        await world.provisioner().take(Step.WARM, world.order(resource))
    return unknown.value.reason


async def test_nothing_is_started_after_the_deadline(world: FileWorld) -> None:
    """An order whose deadline has passed changes nothing and may be given again."""
    resource = world.resource()

    with pytest.raises(Transient, match="deadline"):
        await world.provisioner().take(Step.WARM, world.order(resource, within_s=-1))

    assert world.created(resource) == 0


async def test_an_observation_is_read_whole(world: FileWorld) -> None:
    """State in any case, tokens, units, an exact cost and a note."""
    printed = '{"state": "HOT", "tokens": ["a"], "units": 3, "cost": "12.500001", "detail": "two of three ready"}'

    seen = await world.provisioner().observe(scripted(world, observe=["echo", printed]))

    assert seen == Observation(ResourceState.HOT, ("a",), 3, 12_500_001, "two of three ready")


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "warm",
        "null",
        "[]",
        "{}",
        '{"state": "cold"}',
        '{"state": "warm"} {"state": "hot"}',
        '{"state": "warm", "token": "a"}',
        '{"state": "warm", "tokens": "a"}',
        '{"state": "warm", "units": -1}',
        '{"state": "warm", "units": 1.5}',
        '{"state": "warm", "cost": 12.5}',
        '{"state": "warm", "cost": "NaN"}',
        '{"state": "warm", "cost": "-1"}',
        '{"state": "warm", "cost": "0.0000001"}',
        '{"state": "absent", "tokens": ["a"]}',
    ],
)
async def test_an_unreadable_observation_is_unknown(world: FileWorld, printed: str) -> None:
    """Anything but the one object is ambiguous, never absent, and the message shows what was expected."""
    with pytest.raises(Ambiguous, match="expected one object"):
        await world.provisioner().observe(scripted(world, observe=["echo", printed]))


async def test_an_endless_observation_is_unknown(world: FileWorld) -> None:
    """More output than the limit is no observation."""
    flood = f"head -c {OUTPUT_BYTES_MAX + 1} /dev/zero"

    with pytest.raises(Ambiguous, match="printed more"):
        await world.provisioner().observe(scripted(world, observe=flood))


async def test_looks_do_not_wait_for_each_other(world: FileWorld) -> None:
    """Two looks at one component share its lock: each answers while the other is at work."""
    meet = world.root / "meet"
    # Each opens the pipe for its half: neither could end if the other had to wait for it.
    halves = [f'echo x > {meet}; echo \'{{"state": "absent"}}\'', f'read -r x < {meet}; echo \'{{"state": "warm"}}\'']
    os.mkfifo(meet)

    seen = await asyncio.gather(
        *(world.provisioner().observe(scripted(world, observe=half, time_limit_s=20)) for half in halves)
    )

    assert [ResourceState.ABSENT, ResourceState.WARM] == [one.state for one in seen]


async def test_names_cannot_lead_out_of_the_lock_directory(world: FileWorld) -> None:
    """A component named like a path has its lock among the others."""
    resource = Resource("../shop", "a/../../b", scripted(world).options)

    await world.provisioner().observe(resource)

    assert ["..%2Fshop.a%2F..%2F..%2Fb.lock"] == [path.name for path in (world.state / "locks").iterdir()]


async def test_a_state_directory_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    """Without a lock nothing is run; the disk may have room again later."""
    world = FileWorld(tmp_path)
    (world.state / "locks").write_text("a file where the directory should be")

    with pytest.raises(Transient, match="lock"):
        await world.provisioner().observe(scripted(world))


def test_an_observer_has_nothing_that_mutates() -> None:
    """What a dry run constructs can look and close, and has no step at all."""
    public = {name for name in dir(CommandObserver) if not name.startswith("_")}

    assert public == {"kind", "observe", "list_resources", "close"}


async def test_a_full_disk_is_not_the_scripts_fault(world: FileWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that fails while nothing can be written is tried again, and the disk is named."""
    monkeypatch.setattr(running, "has_room", lambda _scratch: False)

    with pytest.raises(Transient, match="has no room for what it says"):
        await world.provisioner().take(Step.WARM, world.order(scripted(world, warm="exit 1")))
