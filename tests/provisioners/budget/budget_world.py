"""The world of the budgets: the keys of one instance on a real Redis, behind a proxy that can fail."""

from __future__ import annotations

import asyncio
import itertools
from importlib.resources import files
from typing import Any

import pytest
from redis import Redis

from adapters.provisioners.budget import BudgetProvisioner
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble
from tests.provisioners.budget.faulty_proxy import Arranged, FaultyProxy

_numbers = itertools.count(1)
SPEND = (files("adapters.provisioners.budget") / "spend.lua").read_text(encoding="utf-8")
OPTIONS: dict[str, Any] = {"units_per_month": "4000", "unit_price": "0.15", "unit": "minute", "api": "hume-ai"}
UNIT = 1_000_000


class BudgetWorld(ProvisionerHarness):
    """One instance of its own; `redis` looks at it from behind."""

    def __init__(self, url: str, proxy: FaultyProxy | None = None) -> None:
        """An empty instance."""
        super().__init__()
        self.url = url
        self.proxy = proxy
        self.instance = f"budget-{next(_numbers)}"
        self.redis: Any = Redis.from_url(url, protocol=2, decode_responses=True)
        self.made: list[BudgetProvisioner] = []

    def provisioner(self) -> BudgetProvisioner:
        """The adapter of another process, through the proxy where there is one."""
        made = BudgetProvisioner(self.proxy.url if self.proxy else self.url, self.instance, self.clock)
        self.made.append(made)
        return made

    async def close(self) -> None:
        """Close all that was handed out."""
        for each in self.made:
            await each.close()
        self.redis.close()

    def resource(self, component: str = "web", **options: object) -> Resource:
        """4,000 minutes at 0.15."""
        return Resource("shop", component, {**OPTIONS, **options})

    def key(self, resource: Resource) -> str:
        """Where the budget is."""
        return f"solvent:{self.instance}:budget:{resource.component}"

    def fields(self, resource: Resource) -> dict[str, str]:
        """What the key holds."""
        return dict(self.redis.hgetall(self.key(resource)))

    def spend(self, resource: Resource, number: int, request: str = "", mode: str = "amount") -> list[Any]:
        """As the application does."""
        return list(self.redis.eval(SPEND, 1, self.key(resource), request or f"r{next(_numbers)}", mode, str(number)))

    def created(self, resource: Resource) -> int:
        """The months' records count."""
        records = self.redis.scan_iter(match=f"{self.key(resource)}:2*")
        return sum(int(self.redis.hget(record, "made") or 0) for record in records)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the one key."""
        token = self.redis.hget(self.key(resource), "token")
        return [] if token is None else [token]

    def image(self) -> object:
        """Every key of the instance."""
        found = {}
        for key in self.redis.scan_iter(match=f"solvent:{self.instance}:*"):
            is_hash = self.redis.type(key) == "hash"
            found[key] = self.redis.hgetall(key) if is_hash else self.redis.zrange(key, 0, -1, withscores=True)
        return found

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
        """The application spends under this request id."""
        assert self.spend(resource, 1, text)[1] == "counted"

    def data(self, resource: Resource) -> str:
        """The request that is counted, which a retry does not count again."""
        (request,) = self.redis.zrange(f"{self.key(resource)}:requests", 0, -1)
        assert self.spend(resource, 1, request)[1] == "repeated"
        return str(request)
