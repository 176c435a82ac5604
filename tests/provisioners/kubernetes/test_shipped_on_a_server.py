"""The manifests that come with solvent, applied to a real API server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.loading import plan_from_text
from config.provisioner_options.kubernetes_shipped import shipped_manifests
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource
from tests.provisioners.kubernetes.real_api_server import RealApiServer
from tests.provisioners.kubernetes.real_world import RealWorld

PLAN = """\
plan: shop
currency: EUR
timezone: UTC
components:
  COMPONENT: {monthly_cost: 5, stateful: true, provisioner: kubernetes, options: {manifests: ["shipped:FILE"]}}
levels:
  - {id: floor, max_burn: 10, components: [COMPONENT]}
"""


@pytest.fixture
async def harness(tmp_path: Path, server: RealApiServer) -> AsyncIterator[RealWorld]:
    """A namespace of its own for each test."""
    world = RealWorld(tmp_path, server)
    yield world
    await world.close()


def component_of(world: RealWorld, file: str) -> Resource:
    """The component of a plan that names the file, in the world's namespace."""
    name = file.removesuffix(".yaml")
    component = plan_from_text(PLAN.replace("COMPONENT", name).replace("FILE", file), "shop.yaml").components[name]
    # A server before 1.21 serves disruption budgets under their older version, with the same fields.
    status, _ = world.server.answer("GET", "/apis/policy/v1", {}, "", None)
    objects: list[dict[str, Any]] = component.options["objects"]
    if status == 404:
        objects = [
            {**each, "apiVersion": "policy/v1beta1"} if each["apiVersion"] == "policy/v1" else each for each in objects
        ]
    reached = {"objects": objects, "namespace": world.namespace, "kubeconfig": str(world.kubeconfig)}
    return Resource("shop", name, {**component.options, **reached}, stateful=True)


@pytest.mark.parametrize("file", shipped_manifests())
async def test_a_shipped_manifest_takes_every_step(harness: RealWorld, file: str) -> None:
    """The server takes each object, looks find no difference, and nothing is left in the end but claims."""
    resource = component_of(harness, file)
    replicas = sum(
        each["spec"]["replicas"] for each in resource.options["objects"] if "replicas" in each.get("spec", {})
    )
    seen: list[Observation] = []
    for step in ("warm", "activate", "deactivate"):
        await harness.walk(resource, step)
        seen.append(await harness.provisioner().observe(resource))
    await harness.walk(resource, "decommission")

    assert [ResourceState.WARM, ResourceState.HOT, ResourceState.WARM] == [each.state for each in seen]
    assert [0, replicas, 0] == [each.units for each in seen]
    assert [((), "")] * 3 == [(each.differences, each.foreign_writer) for each in seen]
    assert (await harness.provisioner().observe(resource)).state is ResourceState.ABSENT
    assert await harness.provisioner().list_resources("shop", [resource]) == ()
