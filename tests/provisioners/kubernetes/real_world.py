"""The world of a real API server: a namespace of its own for each test."""

from __future__ import annotations

import json
from pathlib import Path

from machines.ports.provisioner import Resource
from tests.provisioners.kubernetes.kube_world import KubeWorld
from tests.provisioners.kubernetes.real_api_server import RealApiServer

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
