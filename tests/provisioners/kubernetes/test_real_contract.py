"""The Kubernetes provisioner does what every provisioner must do, on a real API server."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.provisioners.kubernetes import preflight
from adapters.provisioners.registry import Surroundings
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource
from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.kubernetes.kube_world import KubeWorld
from tests.provisioners.kubernetes.real_api_server import SCRIPT_VARIABLE, RealApiServer

KINDS = (
    "/api/v1/namespaces/{}/configmaps",
    "/api/v1/namespaces/{}/persistentvolumeclaims",
    "/apis/apps/v1/namespaces/{}/deployments",
)


class RealWorld(KubeWorld):
    """A namespace of its own."""

    def __init__(self, directory: Path, server: RealApiServer) -> None:
        self.server = server
        self.namespace = f"contract-{next(server.namespaces)}"
        server.send("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        super().__init__(directory, server.answer)

    def created(self, resource: Resource) -> int:
        """Deployments ever made."""
        return self.server.deployments_created(self.namespace, resource.component)

    def image(self) -> object:
        """Every object that solvent makes, but for what controllers write."""
        found = [one for path in KINDS for one in self.server.send("GET", path.format(self.namespace), None)["items"]]
        for one in found:
            one.pop("status", None)
            for key in ("managedFields", "resourceVersion", "annotations"):
                one["metadata"].pop(key, None)
        return json.dumps([one for one in found if one["metadata"]["name"] != "kube-root-ca.crt"], sort_keys=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealApiServer]:
    """One API server for all tests of this file."""
    script = os.environ.get(SCRIPT_VARIABLE)
    if not script:
        pytest.skip(f"{SCRIPT_VARIABLE} names no script that starts an API server (`SCRIPT DIRECTORY PORT`)")
    running = RealApiServer(script, tmp_path_factory.mktemp("api"))
    yield running
    running.stop()


class TestRealContract(ProvisionerContract):
    """A real API server and its controllers; the kubelet is ours."""

    @pytest.fixture
    async def harness(self, tmp_path: Path, server: RealApiServer) -> AsyncIterator[RealWorld]:
        """A namespace of its own for each test."""
        world = RealWorld(tmp_path, server)
        yield world
        await world.close()

    async def test_another_writer_of_replicas_is_named(self, harness: RealWorld) -> None:
        """A manager that the real server notes as the writer of spec.replicas is named."""
        resource = harness.resource()
        await harness.walk(resource, "warm", "activate")
        path, body = harness.path("deployments", "web"), {"spec": {"replicas": 3}}
        harness.server.answer("PATCH", path, {"fieldManager": "scaler"}, "application/merge-patch+json", body)

        seen = await harness.provisioner().observe(resource)

        assert seen.foreign_writer.startswith("scaler also writes spec.replicas")

    async def test_a_contested_field_is_named(self, harness: RealWorld) -> None:
        """The real server's conflict is a refusal that names the other manager."""
        resource = harness.resource()
        await harness.walk(resource, "warm")
        path, body = harness.path("configmaps", "web"), {"data": {"greeting": "good-bye"}}
        harness.server.answer("PATCH", path, {"fieldManager": "argocd"}, "application/merge-patch+json", body)

        with pytest.raises(Permanent, match=r"contested .*argocd"):
            await harness.provisioner().take(Step.ACTIVATE, harness.order(resource))

    async def test_preflight_finds_nothing_to_say(self, harness: RealWorld, tmp_path: Path) -> None:
        """The real server's access reviews are asked in a form that it takes."""
        around = Surroundings(tmp_path, harness.clock, lambda _: 0, {})

        assert await preflight([harness.resource()], around) == ()
