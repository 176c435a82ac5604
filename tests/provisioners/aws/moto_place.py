"""A place at an emulated AWS (moto's own HTTP server) for the contract of every kind there."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import random
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from moto.server import ThreadedMotoServer

from adapters.provisioners.aws.clients import Clients
from adapters.provisioners.aws.names import name_of
from adapters.provisioners.registry import Surroundings, observer_for, provisioner_for
from machines.ports.provisioner import Observer, Provisioner, Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble
from tests.provisioners.aws.fault_proxy import FaultProxy, Loss, Refusal

REGION = "eu-central-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
TROUBLES: dict[Trouble, Loss | Refusal] = {
    Trouble.TRANSIENT: Refusal("ThrottlingException"),
    Trouble.PERMANENT: Refusal("AccessDeniedException"),
    Trouble.LOST_BEFORE: "lose_before",
    Trouble.LOST_AFTER: "lose_after",
    Trouble.SLOW: "hang",
}


@contextlib.contextmanager
def moto_server() -> Iterator[int]:
    """An emulated AWS for as long as the block runs; its port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it says every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


class MotoPlace(ProvisionerHarness):
    """One emulated account behind a proxy for faults; what a kind adds is its operations and a look from behind.

    A context manager: it closes every adapter it handed out.
    """

    kind: str
    operations: dict[str, str]
    """The call of AWS that each step, and `observe`, comes down to: where troubles meet it."""
    operations_last: dict[str, str] = {}
    """The last call of a step that has several: whose lost answer leaves the step done."""
    half: tuple[str, Loss] | None = None
    """The call of `warm` that is lost where it is to be left half-made."""
    creating: str
    """The call that makes a resource."""
    name_characters_max = 256
    front: type[FaultProxy] = FaultProxy
    """What stands between solvent and the emulator."""

    def __init__(self, port: int) -> None:
        """An empty account at moto's server on this port."""
        super().__init__()
        self._port = port
        self._exits = contextlib.ExitStack()
        self._handed_out: list[Observer] = []
        self._direct = Clients({**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
        self.proxy = self.front(port)

    def __enter__(self) -> Self:
        self.reset()
        self._exits.callback(self._direct.close)
        self._exits.enter_context(self.proxy)
        return self

    async def end(self) -> None:
        """Close all that was handed out; the account stays."""
        self.proxy.release()
        for adapter in self._handed_out:
            await adapter.close()

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def reset(self) -> None:
        """Empty the account."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("POST", "/moto-api/reset")
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def surroundings(self, **environment: str) -> Surroundings:
        """Those of a process that reaches this place through the proxy."""
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": self.proxy.url, **environment}
        return Surroundings(Path("/nowhere"), self.clock, random.Random(1).randrange, variables)

    def direct(self, service: str, region: str = REGION) -> Any:
        """A client that goes round the proxy, closed with the place."""
        return self._direct.client(service, region)

    def provisioner(self) -> Provisioner:
        """The adapter of another process."""
        return self.provisioner_with()

    def provisioner_with(self, **environment: str) -> Provisioner:
        """The adapter of a process in whose environment something is different."""
        made = provisioner_for(self.kind, self.surroundings(**environment))
        self._handed_out.append(made)
        return made

    def observer(self) -> Observer:
        """The looking half of another process."""
        return self.observer_with(self.surroundings())

    def observer_with(self, surroundings: Surroundings) -> Observer:
        """The looking half in other surroundings."""
        made = observer_for(self.kind, surroundings)
        self._handed_out.append(made)
        return made

    def name(self, resource: Resource) -> str:
        """What the resource is called at AWS."""
        return name_of(resource, self.name_characters_max)

    def created(self, resource: Resource) -> int:
        """All that were made: the contract counts where there is one component."""
        return self.proxy.served[self.creating]

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """The call's own operation meets it."""
        if trouble is Trouble.HALF:
            assert self.half is not None
            self.proxy.next(*self.half)
        elif trouble is Trouble.LOST_AFTER:
            self.proxy.next(self.operations_last.get(call, self.operations[call]), "lose_after")
        else:
            self.proxy.next(self.operations[call], TROUBLES[trouble])

    async def begun(self) -> None:
        """Wait until the proxy holds the call."""
        assert await asyncio.to_thread(self.proxy.hanging.wait, 30)

    @abstractmethod
    def image(self) -> object:
        """The whole account, comparable by `==`."""
