"""The Kubernetes provisioner does what every provisioner must do, on a real API server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.provisioners.kubernetes import preflight
from adapters.provisioners.registry import Surroundings
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent
from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.kubernetes.kube_world import objects_of
from tests.provisioners.kubernetes.real_api_server import RealApiServer
from tests.provisioners.kubernetes.real_world import RealWorld


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

    async def test_what_the_manifests_no_longer_name_is_removed(self, harness: RealWorld) -> None:
        """A real server forgets the object with what it owns; looks then find no difference."""
        old = [each for each in objects_of("old") if each["kind"] == "Deployment"]
        grown = harness.resource(objects=[*objects_of("web"), *old])
        await harness.walk(grown, "warm", "activate")
        before = await harness.provisioner().observe(harness.resource())

        await harness.walk(harness.resource(), "activate")

        assert before.differences == ("Deployment old is no longer in the manifests and goes with the next step",)
        assert harness.ask("GET", harness.path("deployments", "old")) is None
        assert (await harness.provisioner().observe(harness.resource())).differences == ()

    async def test_a_field_that_the_kind_does_not_know_is_refused_for_good(self, harness: RealWorld) -> None:
        """The real server calls a misspelt field its own error; nothing was done, and asking again cannot help."""
        objects = objects_of("web")
        objects[-1]["spec"]["template"]["spec"]["contaners"] = []
        resource = harness.resource(objects=objects)

        with pytest.raises(Permanent, match=r"contaners.*mend the manifest"):
            await harness.provisioner().take(Step.WARM, harness.order(resource))
