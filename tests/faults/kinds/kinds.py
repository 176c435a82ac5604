"""The kinds that a network can cut, each with the proxy between its adapter and what it moves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.mqtt import connecting
from adapters.provisioners.registry import Surroundings
from tests.faults.kinds.way import Way
from tests.mqtt.authority import Authority
from tests.provisioners.aws.ec2_place import Ec2Place
from tests.provisioners.aws.ecr_place import EcrPlace
from tests.provisioners.aws.moto_place import MotoPlace
from tests.provisioners.kubernetes.kube_world import KubeWorld, MemoryWorld
from tests.provisioners.kubernetes.real_world import RealWorld
from tests.provisioners.mqtt import brokers
from tests.provisioners.mqtt.agent_world import AgentWorld
from tests.tcp_proxy import TcpProxy

KINDS: Final = ("kubernetes", "kubernetes-real", "aws_ec2", "mqtt")
"""Each in every test; `kubernetes-tls` and `aws_ecr`, which answers in JSON, where they differ."""


async def memory(exits: AsyncExitStack, directory: Path) -> Way:
    """HTTP without TLS."""
    world = MemoryWorld(directory)
    exits.push_async_callback(world.close)
    proxy = exits.enter_context(TcpProxy(_port(world.front.url)))
    _reach(world, {"server": f"http://127.0.0.1:{proxy.port}"}, "secret")
    return Way(world, proxy)


async def memory_with_tls(exits: AsyncExitStack, directory: Path) -> Way:
    """The same with TLS, which a real server has."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, to make certificates: apt-get install openssl")
    world = MemoryWorld(directory)
    exits.push_async_callback(world.close)
    authority = Authority(directory, "authority")
    world.front.speak_tls(authority.issue("server"))
    proxy = exits.enter_context(TcpProxy(_port(world.front.url)))
    reached = {"server": f"https://localhost:{proxy.port}", "certificate-authority": authority.pem}
    _reach(world, reached, "secret")
    return Way(world, proxy)


async def real(exits: AsyncExitStack, server: Any, directory: Path) -> Way:
    """With TLS, and its own controllers; the kubelet is the test's."""
    world = RealWorld(directory, server)
    exits.push_async_callback(world.close)
    proxy = exits.enter_context(TcpProxy(_port(server.url)))
    reached = {"server": f"https://127.0.0.1:{proxy.port}", "certificate-authority": server.ca_file}
    _reach(world, reached, server.token)
    web = world.path("deployments", "web")

    def settle() -> None:
        if world.ask("GET", web) is not None:
            server.settle(world.namespace, web)

    return Way(world, proxy, settle=settle)


def _reach(world: KubeWorld, cluster: dict[str, str], token: str) -> None:
    """Write the kubeconfig anew, so that it leads through the proxy."""
    known = json.loads(world.kubeconfig.read_text())
    known["clusters"][0]["cluster"] = cluster
    known["users"][0]["user"] = {"token": token}
    world.kubeconfig.write_text(json.dumps(known))


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


class _BehindProxy(MotoPlace):
    """An account that is reached through the proxy."""

    way: TcpProxy

    def surroundings(self, **environment: str) -> Surroundings:
        """Those of a process that reaches AWS through the proxy."""
        return super().surroundings(**{"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.way.port}", **environment})


class _Ec2(_BehindProxy, Ec2Place):
    """Answers in XML; a launch is kept from happening twice by its client token, as EC2 does."""


class _Ecr(_BehindProxy, EcrPlace):
    """Answers in JSON."""


AWS: Final[dict[str, type[_BehindProxy]]] = {"aws_ec2": _Ec2, "aws_ecr": _Ecr}


async def aws(exits: AsyncExitStack, place: _BehindProxy) -> Way:
    """An emulated account."""
    exits.enter_context(place)
    place.proxy.delays.looks = 0
    exits.push_async_callback(place.end)
    place.way = exits.enter_context(TcpProxy(_port(place.proxy.url)))
    return Way(place, place.way)


async def mqtt(exits: AsyncExitStack, broker: brokers.BrokerProcess, directory: Path) -> Way:
    """The agent reaches the broker by itself: only solvent is cut off."""
    proxy = exits.enter_context(TcpProxy(broker.port))
    world = AgentWorld(directory, proxy.port)
    world.agent.client.connect("127.0.0.1", broker.port)
    world.agent.client.loop_start()
    exits.callback(world.agent.client.loop_stop)
    exits.callback(world.agent.client.disconnect)
    return Way(world, proxy, impatient=_impatient)


@contextmanager
def _impatient() -> Iterator[None]:
    """Its library waits in real time for what a broken connection will never bring."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connecting, "CONNECT_TIMEOUT_S", 1.0)
        patched.setattr(connecting, "CONNECT_PAUSE_FIRST_S", 0.01)
        yield
