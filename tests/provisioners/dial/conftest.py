"""What the tests of the dials share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.provisioners.dial.dial_world import DialWorld


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[DialWorld]:
    """An empty instance on a real Redis, nothing failing."""
    world = DialWorld(redis_url)
    yield world
    await world.close()
