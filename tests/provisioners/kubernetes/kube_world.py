"""The worlds of the contract: objects in memory, or a real API server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from adapters.provisioners.kubernetes import KubernetesProvisioner
from adapters.provisioners.kubernetes.objects import dns_text
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble
from tests.provisioners.kubernetes.api_front import ApiFront, Backend
from tests.provisioners.kubernetes.api_store import ApiStore

WRITES = r"^(POST|PATCH|DELETE)"


def objects_of(component: str) -> list[dict[str, Any]]:
    """Configuration, a claim and a Deployment of two."""
    pod = {"containers": [{"name": "main", "image": "nginx", "resources": {"limits": {"cpu": "1000m"}}}]}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    labels = {"app": component}
    spec = {
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    metadata = {"name": component}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"greeting": "hello"}},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": claim},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
    ]


class KubeWorld(ProvisionerHarness):
    """One namespace behind one front."""

    fences = True

    namespace = "default"

    def __init__(self, directory: Path, backend: Backend) -> None:
        super().__init__()
        self.backend = backend
        self.front = ApiFront(backend)
        self.kubeconfig = directory / "kubeconfig"
        self.stored: dict[str, str] = {}
        named = {"cluster": "t", "user": "t"}
        self.kubeconfig.write_text(
            json.dumps(
                {
                    "clusters": [{"name": "t", "cluster": {"server": self.front.url}}],
                    "users": [{"name": "t", "user": {"token": "secret"}}],
                    "contexts": [{"name": "t", "context": named}],
                    "current-context": "t",
                }
            )
        )
        self._made: list[KubernetesProvisioner] = []

    async def close(self) -> None:
        """Let go of everything."""
        self.front.close()
        for provisioner in self._made:
            await provisioner.close()

    def provisioner(self) -> KubernetesProvisioner:
        """The adapter of a new process."""
        self._made.append(KubernetesProvisioner(self.clock, {}))
        return self._made[-1]

    def resource(self, component: str = "web", **options: Any) -> Resource:
        """A Deployment with its configuration and claim."""
        known = {"manifests": ["all.yaml"], "objects": objects_of(component), "namespace": self.namespace}
        return Resource("shop", component, {**known, "kubeconfig": str(self.kubeconfig), **options})

    def path(self, kind: str, name: str) -> str:
        """Where an object stands."""
        root = "/apis/apps/v1" if kind == "deployments" else "/api/v1"
        return f"{root}/namespaces/{self.namespace}/{kind}/{name}"

    def record(self, resource: Resource) -> str:
        """Where the component's record stands."""
        return self.path("configmaps", f"solvent.{resource.plan}.{dns_text(resource.component)}")

    def ask(self, method: str, path: str) -> dict[str, Any] | None:
        """Behind the adapter's back."""
        status, body = self.backend(method, path, {}, "", None)
        return body if status < 300 else None

    def tokens(self, resource: Resource) -> list[str]:
        """The record's, or a Deployment's without a record."""
        places = (self.record(resource), self.path("deployments", resource.component))
        found = [one["metadata"]["labels"]["solvent/token"] for place in places if (one := self.ask("GET", place))]
        return found[:1]

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """On the first write of the step, or after the last one that counts."""
        deployment = f"^PATCH .*/deployments/{resource.component}$"
        after = f"^DELETE .*{self.record(resource)}" if call == "decommission" else deployment
        patterns = {
            Trouble.LOST_AFTER: after,
            Trouble.HALF: f"^PATCH .*/configmaps/{resource.component}$",
        }
        self.front.arrange("^GET" if call == "observe" else patterns.get(trouble, WRITES), trouble)

    async def begun(self) -> None:
        """A request hangs."""
        assert await asyncio.to_thread(self.front.hanging.wait, 10)

    def vanish(self, resource: Resource) -> None:
        """Everything of it is deleted."""
        name = resource.component
        for path in (
            self.path("deployments", name), self.path("persistentvolumeclaims", name),
            self.path("configmaps", name), self.record(resource),
        ):  # fmt: skip
            self.ask("DELETE", path)

    def _claim_uid(self, resource: Resource) -> str:
        claim = self.ask("GET", self.path("persistentvolumeclaims", resource.component))
        return str(claim["metadata"]["uid"]) if claim else ""

    def write_data(self, resource: Resource, text: str) -> None:
        """Data lives as long as that very claim."""
        self.stored[self._claim_uid(resource)] = text

    def data(self, resource: Resource) -> str:
        """What the claim holds."""
        return self.stored.get(self._claim_uid(resource), "")


class MemoryWorld(KubeWorld):
    """Objects in memory."""

    def __init__(self, directory: Path) -> None:
        self.store = ApiStore()
        super().__init__(directory, self.store.answer)

    def created(self, resource: Resource) -> int:
        """Deployments ever made."""
        return self.store.created.count(self.path("deployments", resource.component))

    def image(self) -> object:
        """Every object whole."""
        return json.dumps(self.store.objects, sort_keys=True)
