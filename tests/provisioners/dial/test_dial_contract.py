"""The dial provisioner does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.budget.faulty_proxy import FaultyProxy
from tests.provisioners.dial.dial_world import DialWorld


class TestDialContract(ProvisionerContract):
    """A real Redis behind a proxy that refuses, loses and holds up requests."""

    @pytest.fixture
    async def harness(self, redis_url: str) -> AsyncIterator[DialWorld]:
        """An instance of its own for each test."""
        async with FaultyProxy(redis_url) as proxy:
            world = DialWorld(redis_url, proxy)
            yield world
            await world.close()
