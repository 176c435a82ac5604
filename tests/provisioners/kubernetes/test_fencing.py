"""What a daemon that led before can still do to a cluster: requests that were on their way when the lead passed."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from machines.lifecycle_states import Step
from machines.ports.faults import Ambiguous, CallError, Permanent
from machines.ports.provisioner import Resource, StepBegun, StepDone
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.kubernetes.kube_world import KubeWorld, MemoryWorld
from tests.provisioners.kubernetes.real_world import RealWorld

OLD, NEW = 5, 6
FENCE = "solvent.shop"


@pytest.fixture(params=["memory", "real"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KubeWorld]:
    """In memory, and on a real API server where there is one."""
    made: KubeWorld
    if request.param == "memory":
        made = MemoryWorld(tmp_path)
    else:
        made = RealWorld(tmp_path, request.getfixturevalue("server"))
    yield made
    await made.close()


class Wire:
    """Holds the first request that matches on its way to the server."""

    def __init__(self, world: KubeWorld, pattern: str) -> None:
        self._backend = world.front.backend
        self._pattern = re.compile(pattern)
        self._on_its_way, self._let_go = threading.Event(), threading.Event()
        world.front.backend = self._passed

    def _passed(self, method: str, path: str, query: dict[str, str], content: str, body: Any) -> Any:
        if not self._on_its_way.is_set() and self._pattern.search(f"{method} {path}"):
            self._on_its_way.set()
            assert self._let_go.wait(30)
        return self._backend(method, path, query, content, body)

    async def on_its_way(self) -> None:
        """Wait for the request."""
        assert await asyncio.to_thread(self._on_its_way.wait, 30)

    def let_go(self) -> None:
        """It arrives."""
        self._let_go.set()


@asynccontextmanager
async def late(world: KubeWorld, resource: Resource, step: Step, request: str) -> AsyncIterator[list[object]]:
    """The old leader's step, whose `request` arrives after the block; the list gets what the step came to."""
    wire, came_to = Wire(world, request), list[object]()
    async with asyncio.TaskGroup() as group:
        old = group.create_task(_caught(world, step, resource))
        await wire.on_its_way()
        try:
            yield came_to
        finally:
            wire.let_go()
        came_to.append(await old)


async def _caught(world: KubeWorld, step: Step, resource: Resource) -> StepDone | StepBegun | CallError:
    try:
        return await world.provisioner().take(step, world.order(resource, fencing=OLD))
    except CallError as error:
        return error


async def test_a_late_write_to_what_the_new_leader_found_in_order_is_refused(world: KubeWorld) -> None:
    """The new leader had nothing to change: its number on each object makes what the old one saw of the past."""
    resource = world.resource()
    await call(world.provisioner(), "warm", world.order(resource, fencing=OLD))

    async with late(world, resource, Step.ACTIVATE, "^PATCH .*/deployments/web$") as came_to:
        await call(world.provisioner(), "deactivate", world.order(resource, fencing=NEW))

    deployment = world.ask("GET", world.path("deployments", "web"))
    assert deployment is not None
    assert 0 == deployment["spec"]["replicas"]
    assert isinstance(came_to[0], Ambiguous)
    assert f"fencing token {NEW} leads" in came_to[0].reason


async def test_what_a_late_request_makes_is_taken_away_again(world: KubeWorld) -> None:
    """What did not stand could carry no number; the old leader sees the higher one and removes what it made."""
    resource = world.resource()

    async with late(world, resource, Step.WARM, "^PATCH .*/deployments/web$") as came_to:
        await call(world.provisioner(), "warm", world.order(resource, fencing=NEW))
        await call(world.provisioner(), "decommission", world.order(resource, fencing=NEW))

    assert isinstance(came_to[0], Ambiguous)
    assert world.ask("GET", world.path("deployments", "web")) is None
    assert world.ask("GET", world.record(resource)) is None


async def test_a_late_removal_spares_what_the_new_leader_lets_serve(world: KubeWorld) -> None:
    """The old leader's removal names the object as it was before."""
    resource = world.resource()
    await call(world.provisioner(), "warm", world.order(resource, fencing=OLD))

    async with late(world, resource, Step.DECOMMISSION, "^DELETE .*/deployments/web$") as came_to:
        await world.provisioner().take(Step.ACTIVATE, world.order(resource, fencing=NEW))

    deployment = world.ask("GET", world.path("deployments", "web"))
    assert deployment is not None
    assert 2 == deployment["spec"]["replicas"]
    assert isinstance(came_to[0], Ambiguous)


async def test_the_number_belongs_to_the_whole_plan(world: KubeWorld) -> None:
    """Whoever was overtaken at one component is of the past at every other one."""
    web, other = world.resource("web"), world.resource("database")
    await call(world.provisioner(), "warm", world.order(web, fencing=NEW))

    with pytest.raises(Permanent, match=f"fencing token {NEW} leads, {OLD} is of the past"):
        await world.provisioner().take(Step.WARM, world.order(other, fencing=OLD))

    assert [] == world.tokens(other)


async def test_many_components_are_moved_at_once_under_a_new_number(world: KubeWorld) -> None:
    """Their steps raise the one number together, and none of them fails for it."""
    resources = [world.resource(f"part-{number}") for number in range(4)]

    await asyncio.gather(*(call(world.provisioner(), "warm", world.order(each, fencing=NEW)) for each in resources))

    fence = world.ask("GET", world.path("configmaps", FENCE))
    assert fence is not None
    assert str(NEW) == fence["metadata"]["annotations"]["solvent/fencing"]
    assert [[TOKEN]] * 4 == [world.tokens(each) for each in resources]


async def test_a_daemon_without_a_lease_keeps_no_number(world: KubeWorld) -> None:
    """Alone on its journal it writes what it wrote before, and nothing more."""
    await call(world.provisioner(), "warm", world.order(world.resource()))

    assert world.ask("GET", world.path("configmaps", FENCE)) is None
