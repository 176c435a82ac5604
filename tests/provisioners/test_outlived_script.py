"""A script that outlived its killed daemon is waited for, not repeated."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from adapters.component_lock import ComponentLock, lock_path
from adapters.provisioners.command import CommandProvisioner
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.file_world import ROOT, FileWorld

STARTER = """
import asyncio, os, sys
from pathlib import Path
import msgspec
from adapters.clocks import SystemClock
from adapters.provisioners.command import CommandProvisioner
from config.instants import HOUR
from machines.lifecycle_states import Step
from machines.ports.provisioner import StepOrder, Resource

clock = SystemClock()
resource = msgspec.json.decode(sys.argv[2], type=Resource)
provisioner = CommandProvisioner(Path(sys.argv[1]), clock, {"PATH": os.defpath})
asyncio.run(provisioner.take(Step.WARM, StepOrder(resource, sys.argv[3], 1, clock.wall() + HOUR)))
"""


class CountingWorld(FileWorld):
    """Says when the clock was asked to sleep, so that a test knows that somebody waits for the lock."""

    def __init__(self, directory: Path) -> None:
        """Nobody has waited yet."""
        super().__init__(directory)
        self.waited = asyncio.Event()
        sleep = self.clock.sleep

        async def noted(seconds: float) -> None:
            self.waited.set()
            await sleep(seconds)

        self.clock.sleep = noted  # type: ignore[method-assign]


@pytest.fixture
def world(tmp_path: Path) -> CountingWorld:
    """The example scripts with troubles."""
    return CountingWorld(tmp_path)


async def orphaned(world: FileWorld, resource: Resource) -> int:
    """Start a daemon that warms the resource, kill it while its script waits at the gate; the script's process id."""
    world.arrange("warm", "gated", resource)
    arguments = ("-c", STARTER, str(world.state), msgspec.json.encode(resource), TOKEN)
    daemon = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    script = int(await asyncio.to_thread((world.troubles / "begun").read_text))
    daemon.send_signal(signal.SIGKILL)
    assert -signal.SIGKILL == await daemon.wait()
    return script


async def open_gate(world: FileWorld) -> None:
    """Let the script go on."""
    await asyncio.to_thread((world.troubles / "gate").write_text, "go\n")


async def test_the_next_daemon_waits_looks_and_does_not_repeat(world: CountingWorld) -> None:
    """After kill -9 the script still makes its resource; the next daemon's same step finds it, and makes no other."""
    resource = world.resource()
    await orphaned(world, resource)

    async with asyncio.TaskGroup() as group:
        second = group.create_task(world.provisioner().take(Step.WARM, world.order(resource)))
        await world.waited.wait()
        created_while_waiting = world.created(resource)
        await open_gate(world)

    assert (0, 1, [TOKEN]) == (created_while_waiting, world.created(resource), world.tokens(resource))
    assert second.result().request_id == "found done"


async def test_a_look_waits_for_the_outlived_script(world: CountingWorld) -> None:
    """An observation after kill -9 tells what the outlived script leaves, not what stood before it ended."""
    resource = world.resource()
    await orphaned(world, resource)

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(world.provisioner().observe(resource))
        await world.waited.wait()
        await open_gate(world)

    assert (ResourceState.WARM, (TOKEN,)) == (looking.result().state, looking.result().tokens)


async def test_waiting_ends_at_the_deadline(world: CountingWorld) -> None:
    """A script that goes on past the next call's deadline makes that call ambiguous, and nothing else is run."""
    resource = world.resource()
    script = await orphaned(world, resource)
    try:
        async with asyncio.TaskGroup() as group:
            late = group.create_task(ambiguous(world.provisioner(), world, resource))
            await world.waited.wait()
            world.advance(61)
    finally:
        os.killpg(script, signal.SIGKILL)

    assert str(lock_path(world.state, resource)) in late.result()
    assert world.created(resource) == 0


async def ambiguous(provisioner: CommandProvisioner, world: FileWorld, resource: Resource) -> str:
    """The reason of a warming that must end as ambiguous."""
    with pytest.raises(Ambiguous) as unknown:
        await provisioner.take(Step.WARM, world.order(resource, within_s=60))
    return unknown.value.reason


async def test_a_background_process_does_not_keep_the_lock(world: CountingWorld) -> None:
    """What a script leaves running after its own exit holds neither the call nor the lock."""
    resource = world.resource()
    background = world.root / "background"
    script = f"sleep 3600 & echo $! > {background}"
    options = {**resource.options, "warm": ["sh", "-c", script]}
    await world.provisioner().take(Step.WARM, world.order(Resource("shop", "web", options)))
    try:
        with lock_path(world.state, resource).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.kill(int(background.read_text()), signal.SIGKILL)


async def test_whoever_waits_in_vain_is_told_the_process(world: CountingWorld) -> None:
    """The message of a lock that did not come free names the process of the script that holds it."""
    path = lock_path(world.state, world.resource())
    held = await ComponentLock.acquire(path, exclusive=True, wait_s=0, clock=world.clock)
    held.name_holder(4711)
    try:
        with pytest.raises(Ambiguous, match=r"\(process 4711\)"):
            await ComponentLock.acquire(path, exclusive=False, wait_s=0, clock=world.clock)
    finally:
        held.close(answered=True)
