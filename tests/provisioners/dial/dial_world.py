"""The world of the dials: the keys of one instance on a real Redis, behind a proxy that can fail."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from redis import Redis

from adapters.provisioners.dial import DialProvisioner, RedisDialBoard
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble
from tests.provisioners.budget.faulty_proxy import Arranged, FaultyProxy

_numbers = itertools.count(1)


class DialWorld(ProvisionerHarness):
    """One instance of its own; `redis` looks at it from behind."""

    def __init__(self, url: str, proxy: FaultyProxy | None = None) -> None:
        """An empty instance."""
        super().__init__()
        self.url = url
        self.proxy = proxy
        self.instance = f"dial-{next(_numbers)}"
        self.redis: Any = Redis.from_url(url, protocol=2, decode_responses=True)
        self.redis.config_set("notify-keyspace-events", "Khg")
        self._heard: Any = self.redis.pubsub()
        self._heard.psubscribe(f"__keyspace@*__:solvent:{self.instance}:*")
        self._there: dict[str, bool] = {}
        self._made: dict[str, int] = {}
        self._opened: list[DialProvisioner | RedisDialBoard] = []

    def provisioner(self) -> DialProvisioner:
        """The adapter of another process, through the proxy where there is one."""
        made = DialProvisioner(self.proxy.url if self.proxy else self.url, self.instance, self.clock)
        self._opened.append(made)
        return made

    def board(self) -> RedisDialBoard:
        """The daemon's side of the dials."""
        made = RedisDialBoard(self.url, self.instance, self.clock)
        self._opened.append(made)
        return made

    async def close(self) -> None:
        """Close all that was handed out."""
        for each in self._opened:
            await each.close()
        self._heard.close()
        self.redis.close()

    def resource(self, component: str = "web", **options: object) -> Resource:
        """A dial with two APIs to fall back to."""
        return Resource("shop", component, {"providers": ["openai", "anthropic"], **options})

    def key(self, resource: Resource) -> str:
        """Where the dial is."""
        return f"solvent:{self.instance}:dial:{resource.component}"

    def fields(self, resource: Resource) -> dict[str, str]:
        """What the key holds."""
        return dict(self.redis.hgetall(self.key(resource)))

    def created(self, resource: Resource) -> int:
        """How often the key came to be, by the server's own notices of what is written and deleted."""
        self._heard.ping()
        while (message := self._heard.get_message(timeout=5.0))["type"] != "pong":
            if message["type"] != "pmessage":
                continue
            key = message["channel"].partition("__:")[2]
            if message["data"] == "del":
                self._there[key] = False
            elif not self._there.get(key):
                self._there[key] = True
                self._made[key] = self._made.get(key, 0) + 1
        return self._made.get(self.key(resource), 0)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the one key."""
        token = self.redis.hget(self.key(resource), "token")
        return [] if token is None else [token]

    def image(self) -> object:
        """Every key of the instance."""
        return {key: self.redis.hgetall(key) for key in self.redis.scan_iter(match=f"solvent:{self.instance}:*")}

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """A look is an HGETALL, a step is a script with the step's name among its arguments."""
        if trouble is Trouble.HALF:
            pytest.skip("one Lua script makes the key whole or not at all, so there is nothing half-made")
        assert self.proxy is not None
        word = b"HGETALL" if call == "observe" else f"\r\n{call}\r\n".encode()
        self.proxy.arranged = Arranged((word, f"\r\n{self.key(resource)}\r\n".encode()), trouble)

    async def begun(self) -> None:
        """The proxy holds the request."""
        assert self.proxy is not None
        async with asyncio.timeout(5):
            await self.proxy.held.wait()

    def vanish(self, resource: Resource) -> None:
        """Somebody removes the key."""
        self.redis.delete(self.key(resource))

    def write_data(self, resource: Resource, text: str) -> None:
        """The application's own note beside its measurement."""
        self.redis.hset(f"{self.key(resource)}:measured", "note", text)

    def data(self, resource: Resource) -> str:
        """What it finds there."""
        return str(self.redis.hget(f"{self.key(resource)}:measured", "note") or "")

    def measure(self, resource: Resource, accuracy: str, age_s: int = 0) -> None:
        """The application says how accurate its own models are."""
        at = int(self.redis.time()[0]) - age_s
        self.redis.hset(f"{self.key(resource)}:measured", mapping={"accuracy": accuracy, "measured_at": str(at)})
