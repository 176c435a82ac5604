"""What a look at a project says of health, crashes, limits and what differs from the file."""

from __future__ import annotations

from typing import Any

import pytest

from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun, StepDone
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.compose.compose_world import ComposeWorld

APP = {"image": "shop/app:1"}
CHECKED = {**APP, "healthcheck": {"test": ["CMD", "true"]}}
MIGRATED = {"app": {**APP, "depends_on": {"job": {"condition": "service_completed_successfully"}}}, "job": APP}


async def look(world: ComposeWorld, resource: Resource) -> Observation:
    """One look."""
    return await world.provisioner().observe(resource)


async def hot(world: ComposeWorld, services: dict[str, Any], **options: Any) -> Resource:
    """A component that was brought up."""
    resource = world.project("web", services, **options)
    await world.walk(resource, "warm", "activate")
    return resource


async def test_health_that_is_starting_is_awaited(world: ComposeWorld) -> None:
    """A step ends as begun while health is starting, and a look says changing until it is healthy."""
    resource = world.project("web", {"app": CHECKED})
    await world.walk(resource, "warm")

    answer = await world.provisioner().take(Step.ACTIVATE, world.order(resource))
    starting = await look(world, resource)
    world.change(resource, "app", health="healthy")

    assert isinstance(answer, StepBegun)
    assert (ResourceState.CHANGING, 1.0) == (starting.state, starting.look_after_s)
    assert (await look(world, resource)).state is ResourceState.HOT


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"health": "unhealthy"}, "is unhealthy"),
        ({"status": "exited", "exit_code": 3}, "ended with exit 3"),
        ({"status": "restarting", "exit_code": 1}, "restarts again and again, last with exit 1"),
        ({"status": "paused"}, "is paused"),
        ({"status": "dead"}, "is dead"),
        ({"status": "created"}, "was not started"),
    ],
)
async def test_one_that_does_not_serve_breaks_the_component(
    world: ComposeWorld, facts: dict[str, Any], reason: str
) -> None:
    """Where one of two containers serves nobody, the component is broken, and the reason names it."""
    resource = await hot(world, {"app": APP, "store": APP})

    world.change(resource, "store", **facts)
    seen = await look(world, resource)

    assert (ResourceState.BROKEN, f"solvent-shop-web-store-1 {reason}") == (seen.state, seen.detail)


async def test_a_container_being_removed_is_changing(world: ComposeWorld) -> None:
    """The engine is at work on it."""
    resource = await hot(world, {"app": APP})

    world.change(resource, "app", status="removing")

    assert (await look(world, resource)).state is ResourceState.CHANGING


async def test_a_crash_is_told_from_a_stop(world: ComposeWorld) -> None:
    """All containers ended: broken where solvent brought them up, warm where it stopped them."""
    crashed = await hot(world, {"app": APP})
    world.change(crashed, "app", status="exited", exit_code=1)

    after_crash = await look(world, crashed)
    await world.walk(crashed, "activate", "deactivate")

    assert (ResourceState.BROKEN, "nothing runs: solvent-shop-web-app-1 ended with exit 1") == (
        after_crash.state,
        after_crash.detail,
    )
    assert (await look(world, crashed)).state is ResourceState.WARM


async def test_what_breaks_at_once_is_not_done(world: ComposeWorld) -> None:
    """Activation whose containers end at once is ambiguous, and a look says why."""
    resource = world.project("web", {"app": APP})
    await world.walk(resource, "warm")
    world.arrange("activate", "crashes", resource)

    with pytest.raises(Ambiguous, match="solvent-shop-web was brought up and is broken: nothing runs"):
        await world.provisioner().take(Step.ACTIVATE, world.order(resource))

    assert (await look(world, resource)).state is ResourceState.BROKEN


@pytest.mark.parametrize(("exit_code", "state"), [(0, ResourceState.HOT), (1, ResourceState.BROKEN)])
async def test_a_job_that_others_wait_for_may_end(world: ComposeWorld, exit_code: int, state: ResourceState) -> None:
    """A service that must complete first is well with exit 0, and broken with any other."""
    resource = world.project("web", MIGRATED)
    await world.walk(resource, "warm")
    await world.provisioner().take(Step.ACTIVATE, world.order(resource))

    world.change(resource, "job", status="exited", exit_code=exit_code)

    assert (await look(world, resource)).state is state


@pytest.mark.parametrize(
    ("services", "options", "difference"),
    [
        ({"app": APP}, {"service": "app", "scale": 3}, "app has 1 containers instead of 3"),
        ({"app": APP, "new": APP}, {}, "new has 0 containers instead of 1"),
        ({"app": {"image": "shop/app:2"}}, {}, "runs the image shop/app:1 instead of shop/app:2"),
        ({"app": APP}, {"memory_limit_mib": 64}, "may use any number of MiB instead of 64"),
        ({"app": APP}, {"cpus": "0.5"}, "may use 0 processors (0: any) instead of 0.5"),
    ],
)
async def test_what_differs_is_named_and_put_right(
    world: ComposeWorld, services: dict[str, Any], options: dict[str, Any], difference: str
) -> None:
    """Scale, image and limits that differ are named while it serves; activating again puts them right."""
    await hot(world, {"app": APP})
    changed = world.project("web", services, **options)

    seen = await look(world, changed)
    await world.walk(changed, "activate")

    assert seen.state is ResourceState.HOT
    assert [each for each in seen.differences if difference in each], seen.differences
    assert (await look(world, changed)).differences == ()


async def test_units_are_the_containers_of_the_service(world: ComposeWorld) -> None:
    """Two containers of the service that is scaled are two units."""
    resource = await hot(world, {"app": APP, "store": APP}, service="app", scale=2)

    assert (await look(world, resource)).units == 2


async def test_another_components_project_is_left_alone(world: ComposeWorld) -> None:
    """Two components that name one project: the second sees a foreign owner and is refused."""
    await hot(world, {"app": APP}, project="shared")
    other = world.project("api", {"app": APP}, project="shared")

    seen = await look(world, other)

    assert seen.foreign_writer == "the component shop/web of solvent"
    with pytest.raises(Permanent, match="give one of the two another name"):
        await world.provisioner().take(Step.DECOMMISSION, world.order(other))


async def test_an_adopted_project_takes_the_token(world: ComposeWorld) -> None:
    """Containers without a token show an empty one; deactivating makes them anew under the order's token."""
    resource = await hot(world, {"app": APP})
    engine = world.read()
    for each in engine["containers"].values():
        each["wished"]["labels"] = {}
    world.write(engine)

    seen = await look(world, resource)
    await world.walk(resource, "deactivate")

    assert (("",), [TOKEN]) == (seen.tokens, world.tokens(resource))


async def test_an_unreadable_file_is_no_absence(world: ComposeWorld) -> None:
    """Containers whose compose file is gone raise, naming the file."""
    resource = await hot(world, {"app": APP})
    (world.files / "web.json").unlink()

    with pytest.raises(Permanent, match=r"web\.json: no such file"):
        await look(world, resource)


@pytest.mark.parametrize(
    ("complaint", "word"),
    [
        ("error during connect: Get http://engine: dial tcp: connection refused", Transient),
        ("toomanyrequests: You have reached your pull rate limit", Transient),
        ("net/http: TLS handshake timeout", Transient),
        ("unexpected EOF", Ambiguous),
        ("Bind for 0.0.0.0:80 failed: port is already allocated", Permanent),
        ("services.app: can't set distinct values on 'cpus'", Permanent),
    ],
)
async def test_complaints_are_told_apart(world: ComposeWorld, complaint: str, word: type[Exception]) -> None:
    """What passes is transient, what was cut off ambiguous, everything else a refusal."""
    resource = world.resource()
    world.arrange("warm", f"says {complaint}", resource)

    with pytest.raises(word, match="docker compose up ended with exit 1"):
        await world.provisioner().take(Step.WARM, world.order(resource))


async def test_the_engines_address_reaches_docker(world: ComposeWorld) -> None:
    """`docker_host` is in the environment of every call, and in the names of what is listed."""
    resource = await hot(world, {"app": APP}, docker_host="ssh://me@there")

    (found,) = await world.provisioner().list_resources("shop", (resource,))
    answer = await world.provisioner().remove(found, Mandate())

    assert {"ssh://me@there"} == {host for host, *_ in world.calls()}
    assert ("ssh://me@there/solvent-shop-web", 1) == (found.name, found.generation)
    assert isinstance(answer, StepDone)


@pytest.mark.parametrize(
    ("asked", "stateful", "kept"), [(False, False, True), (True, False, False), (True, True, True)]
)
async def test_volumes_go_only_where_asked_and_not_stateful(
    world: ComposeWorld, asked: bool, stateful: bool, kept: bool
) -> None:
    """Decommissioning keeps named volumes unless `remove_volumes` is set on what is not stateful."""
    resource = world.project("web", {"app": APP}, stateful=stateful, remove_volumes=asked)

    await world.walk(resource, "warm", "decommission")

    assert kept == ("solvent-shop-web" in world.read()["volumes"])
