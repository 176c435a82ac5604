"""All places that the plan `autobroker_cloud` names at once: AWS, a cluster, units and containers of a machine, Redis.

Each is what the kinds' own tests use: moto's server, an API server (a real one where there is one), a systemd on a
private bus, a `docker` on PATH. What stands is asked here past solvent, by each place's own words.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml
from redis import Redis

from adapters.provisioners.aws.clients import Clients
from tests.provisioners.aws.delays import Answer, Delays
from tests.provisioners.aws.eks_market import MarketProxy
from tests.provisioners.aws.eks_node_group_place import DELAYS
from tests.provisioners.aws.elasticache_place import FinishingProxy
from tests.provisioners.aws.fault_proxy import operation_of
from tests.provisioners.aws.moto_place import CREDENTIALS, REGION, moto_server
from tests.provisioners.compose.compose_world import ComposeWorld
from tests.provisioners.kubernetes.api_front import ApiFront, Backend
from tests.provisioners.kubernetes.api_store import ApiStore
from tests.provisioners.kubernetes.real_api_server import SCRIPT_VARIABLE, RealApiServer
from tests.provisioners.systemd.fake_systemd import FakeSystemd, FakeUnit
from tests.provisioners.systemd.private_bus import private_bus

PLAN: Final = "autobroker_cloud"
CONFIDENTIAL: Final = b"<cpuOptions><amdSevSnp>enabled</amdSevSnp></cpuOptions>"


class CloudProxy(FinishingProxy, MarketProxy):
    """In front of an emulator that ends no deletion, has no nodes, and forgets how a confidential machine was made."""

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes) -> Answer:
        status, headers, content = super()._pass_on(request, body)
        if operation_of(request, body) == "DescribeInstances":
            content = re.sub(rb"<cpuOptions>.*?</cpuOptions>", b"", content, flags=re.DOTALL)
            content = content.replace(b"<instanceType>", CONFIDENTIAL + b"<instanceType>")
        return status, headers, content


class Places:
    """Everything that a daemon of this plan reaches, and what stands there."""

    def __init__(self, folder: Path, aws: MarketProxy, cluster: ApiFront, systemd: FakeSystemd, redis_url: str) -> None:
        """`folder` holds the plan's own copy, its cluster's kubeconfig, and the engine of `docker`."""
        self.folder = folder
        self.aws = aws
        self.cluster = cluster
        self.systemd = systemd
        self.redis_url = redis_url
        self.cluster_looks: list[str] = []
        self.cluster_writes: list[str] = []
        """What changed something in the cluster, as method and path."""
        self._clients = Clients({**CREDENTIALS, "AWS_ENDPOINT_URL": aws.url})
        self.docker = ComposeWorld(folder)
        self.environment = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": aws.url,
            "KUBECONFIG": str(_kubeconfig(folder, cluster.url)),
            "PATH": f"{self.docker.environment['PATH']}:{os.environ['PATH']}",
        }
        self.plan = self._plan_copied()

    def close(self) -> None:
        """Let go of the clients."""
        self._clients.close()

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of AWS that is not solvent's."""
        return self._clients.client(service, region)

    def _plan_copied(self) -> Path:
        """The shipped plan with all that it names, this account's network and image in it.

        The `docker` of the tests reads its file as JSON.
        """
        copied = self.folder / "plans"
        shutil.copytree(Path(str(files("config") / "plans")), copied)
        for compose in copied.glob("**/*.compose.yaml"):
            compose.write_text(json.dumps(yaml.safe_load(compose.read_text(encoding="utf-8"))), encoding="utf-8")
        plan = copied / f"{PLAN}.yaml"
        subnets = self.client("ec2").describe_subnets()["Subnets"]
        own = {
            "subnet-0aaaaaaaaaaaaaaaa": subnets[0]["SubnetId"],
            "subnet-0bbbbbbbbbbbbbbbb": subnets[1]["SubnetId"],
            "vpc-0aaaaaaaaaaaaaaaa": subnets[0]["VpcId"],
            "ami-0aaaaaaaaaaaaaaaa": self.client("ec2", "eu-west-1").describe_images()["Images"][0]["ImageId"],
        }
        text = plan.read_text(encoding="utf-8")
        for placeholder, identity in own.items():
            assert placeholder in text
            text = text.replace(placeholder, identity)
        plan.write_text(text, encoding="utf-8")
        return plan

    def objects(self, kind: str, namespace: str) -> list[dict[str, Any]]:
        """The cluster's objects of one kind."""
        status, body = self.cluster.backend("GET", f"/apis/apps/v1/namespaces/{namespace}/{kind}", {}, "", None)
        return list(body["items"]) if status == 200 else []

    def budget(self, instance: str, component: str) -> dict[str, str]:
        """A budget's key; {} where there is none."""
        redis = Redis.from_url(self.redis_url, protocol=2, decode_responses=True)
        with contextlib.closing(redis):
            return dict(redis.hgetall(f"solvent:{instance}:budget:{component}"))


@contextlib.asynccontextmanager
async def places(folder: Path, redis_url: str) -> AsyncIterator[Places]:
    """All of them, empty, until the end of the block."""
    with (
        moto_server() as port,
        CloudProxy(port) as aws,
        _cluster(folder) as cluster,
        private_bus() as (address, _),
    ):
        _empty(port)
        aws.delays = Delays(*DELAYS)
        systemd = FakeSystemd()
        await systemd.start(address)
        systemd.units["ollama.service"] = FakeUnit("Ollama")
        made = Places(folder, aws, cluster, systemd, redis_url)
        cluster.backend = _noting(cluster.backend, made)
        made.environment["DBUS_SYSTEM_BUS_ADDRESS"] = address
        try:
            yield made
        finally:
            made.close()
            await systemd.stop()


@contextlib.contextmanager
def _cluster(folder: Path) -> Iterator[ApiFront]:
    script = os.environ.get(SCRIPT_VARIABLE)
    with contextlib.ExitStack() as exits:
        backend = ApiStore().answer
        if script:
            directory = folder / "api"
            directory.mkdir()
            server = RealApiServer(script, directory)
            exits.callback(server.stop)
            backend = _with_newer_budgets(server.answer)
        front = ApiFront(backend)
        exits.callback(front.close)
        yield front


def _with_newer_budgets(backend: Backend) -> Backend:
    """A server before 1.21 serves disruption budgets under their older version, with the same fields."""
    older, newer = "policy/v1beta1", "policy/v1"

    def answer(method: str, path: str, query: dict[str, str], kind: str, body: Any) -> tuple[int, dict[str, Any]]:
        if not path.startswith(f"/apis/{newer}/"):
            return backend(method, path, query, kind, body)
        told = None if body is None else {**body, "apiVersion": older} if "apiVersion" in body else body
        status, said = backend(method, path.replace(newer, older, 1), query, kind, told)
        return status, {**said, "apiVersion": newer} if said.get("apiVersion") == older else said

    return answer


def _noting(backend: Backend, places: Places) -> Backend:
    def answer(method: str, path: str, query: dict[str, str], kind: str, body: Any) -> tuple[int, dict[str, Any]]:
        if method == "GET":
            places.cluster_looks.append(path)
        elif not path.endswith("selfsubjectaccessreviews"):
            places.cluster_writes.append(f"{method} {path}")
        return backend(method, path, query, kind, body)

    return answer


def _empty(moto_port: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", moto_port, timeout=30)) as connection:
        connection.request("POST", "/moto-api/reset")
        assert connection.getresponse().status == 200


def _kubeconfig(folder: Path, url: str) -> Path:
    path = folder / "kubeconfig"
    named = {"cluster": "t", "user": "t"}
    config = {
        "clusters": [{"name": "t", "cluster": {"server": url}}],
        "users": [{"name": "t", "user": {"token": "secret"}}],
        "contexts": [{"name": "t", "context": named}],
        "current-context": "t",
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
