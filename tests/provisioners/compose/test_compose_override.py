"""The compose file that solvent adds, what `docker inspect` prints, and what the daemon is told before it starts."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from adapters.provisioners.compose import preflight
from adapters.provisioners.compose.containers import containers_from
from adapters.provisioners.compose.model import services_from
from adapters.provisioners.compose.observing import project_of
from adapters.provisioners.compose.override import override_text
from adapters.provisioners.registry import Surroundings
from config.provisioner_options.compose import ComposeOptions
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.provisioner import Resource, StepOrder
from tests.provisioners.compose.compose_world import ComposeWorld

LINE = (
    b'{"id":"d2763e024a10","name":"/shop-db-1","status":"running","exit_code":0,"health":"healthy",'
    b'"image":"redis:latest","labels":{"com.docker.compose.depends_on":"job:service_started:false,app:x:true",'
    b'"com.docker.compose.oneoff":"False","com.docker.compose.project":"shop","com.docker.compose.service":"db"},'
    b'"memory_bytes":67108864,"nano_cpus":500000000}'
)


def written(service: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What solvent's file says of the one service."""
    chosen = ComposeOptions(file="/srv/web.yaml", **options)
    services = services_from(json.dumps({"services": {"app": service}}).encode(), chosen)
    text = override_text(StepOrder(Resource("shop", "web"), "token", 2, 0), chosen, services)
    found: dict[str, Any] = json.loads(text)["services"]["app"]
    return found


def test_every_service_is_labelled() -> None:
    """Plan, component, token and generation are on each service."""
    assert written({"image": "a"}) == {
        "labels": {
            "solvent.plan": "shop",
            "solvent.component": "web",
            "solvent.token": "token",
            "solvent.generation": "2",
        }
    }


@pytest.mark.parametrize(
    ("service", "plain", "deployed"),
    [
        ({}, True, False),
        ({"mem_limit": "1048576"}, True, False),
        ({"deploy": {"resources": {"limits": {"cpus": "1"}}}}, False, True),
        ({"cpus": 1, "deploy": {"resources": {"limits": {"cpus": "1"}}}}, True, True),
    ],
)
def test_limits_stand_where_the_file_has_its_own(service: dict[str, Any], plain: bool, deployed: bool) -> None:
    """Compose refuses a project whose two places of limits disagree, so each is written where the file has it."""
    found = written(service, memory_limit_mib=64, cpus="0.5")

    assert ("67108864" if plain else None, "0.5" if plain else None) == (found.get("mem_limit"), found.get("cpus"))
    limits = {"memory": "67108864", "cpus": "0.5"}
    assert ({"resources": {"limits": limits}} if deployed else None) == found.get("deploy")


@pytest.mark.parametrize("printed", [LINE + b"\n" + LINE + b"\n", b"[" + LINE + b"," + LINE + b"]\n"])
def test_lines_and_arrays_are_read(printed: bytes) -> None:
    """One object a line and one array of objects both give the containers, labels with commas whole."""
    one, other = containers_from(printed)

    assert one == other
    assert ("db", "job:service_started:false,app:x:true") == (one.service, one.label("com.docker.compose.depends_on"))


@pytest.mark.parametrize("printed", [b"d2763e024a10\n", b'{"id": 1}\n', LINE[:-1] + b',"more":1}', b"\xff\xfe"])
def test_anything_else_is_unknown(printed: bytes) -> None:
    """What is not exactly the object that was asked for is ambiguous, never absent."""
    with pytest.raises(Ambiguous, match="docker inspect printed nothing that can be read"):
        containers_from(printed)


def test_a_project_has_a_name_of_its_own() -> None:
    """The adopted name wins over the option, the option over the default; a long one is cut and stays unlike others."""
    plain, named = ComposeOptions(file="/f"), ComposeOptions(file="/f", project="named")
    long = [project_of(Resource("p" * 64, "c" * 63 + last), plain) for last in "xy"]

    assert "solvent-shop-web" == project_of(Resource("shop", "web"), plain)
    assert "named" == project_of(Resource("shop", "web"), named)
    assert "theirs" == project_of(Resource("shop", "web", name="docker/theirs"), named)
    assert 2 == len(set(long))
    assert all(len(name) <= 63 for name in long)


@pytest.mark.parametrize(
    ("name", "docker_host", "said"),
    [
        ("ssh://deploy@build.example/shop", None, "not on the engine docker of its options"),
        ("docker/shop", "ssh://deploy@build.example", "not on the engine ssh://deploy@build.example of its options"),
        ("docker/My Shop", None, "no project of Compose"),
        ("docker/", None, "no project of Compose"),
    ],
)
def test_a_name_that_the_options_do_not_lead_to_is_refused(name: str, docker_host: str | None, said: str) -> None:
    """Another engine, or no project: with what to do."""
    with pytest.raises(Permanent, match=said):
        project_of(Resource("shop", "web", name=name), ComposeOptions(file="/f", docker_host=docker_host))


def surroundings(world: ComposeWorld, path: str | None = None) -> Surroundings:
    """What the daemon would construct the adapter with."""
    environment = world.environment if path is None else {"PATH": path}
    return Surroundings(world.state, world.clock, random.Random(1).randrange, environment)


async def test_nothing_is_said_where_all_is_there(world: ComposeWorld) -> None:
    """Program, plugin, engine and file are there: no sentence."""
    assert () == await preflight([world.resource()], surroundings(world))


async def test_a_missing_program_is_said(world: ComposeWorld, tmp_path: Path) -> None:
    """Without `docker` there is one sentence, whatever the resources."""
    (said,) = await preflight([world.resource(), world.resource("api")], surroundings(world, str(tmp_path)))

    assert "no program `docker`" in said


async def test_what_is_wrong_with_each_component_is_said(world: ComposeWorld) -> None:
    """A missing file, an unknown service and volumes of what is stateful each have their sentence."""
    missing = Resource("shop", "gone", {"file": str(world.files / "gone.json")})
    unknown = world.project("web", {"app": {"image": "a"}}, service="wbe")
    stateful = world.project("store", {"app": {"image": "a"}}, stateful=True, remove_volumes=True)

    said = await preflight([missing, unknown, stateful], surroundings(world))

    assert ["shop/gone", "shop/web", "shop/store"] == [each.partition(":")[0].split()[0] for each in said]
    assert "has no service wbe: expected one of app" in said[1]


async def test_an_engine_that_is_not_reached_is_said_once(world: ComposeWorld) -> None:
    """Two components on one engine: one sentence."""
    (world.stub / "trouble.version.").write_text("transient", encoding="utf-8")

    (said,) = await preflight([world.resource(), world.resource("api")], surroundings(world))

    assert "the engine that the daemon's environment names is not reached" in said
