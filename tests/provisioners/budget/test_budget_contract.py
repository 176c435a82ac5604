"""The budget provisioner does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.budget.budget_world import BudgetWorld
from tests.provisioners.budget.faulty_proxy import FaultyProxy


class TestBudgetContract(ProvisionerContract):
    """A real Redis behind a proxy that refuses, loses and holds up requests."""

    @pytest.fixture
    async def harness(self, redis_url: str) -> AsyncIterator[BudgetWorld]:
        """An instance of its own for each test."""
        async with FaultyProxy(redis_url) as proxy:
            world = BudgetWorld(redis_url, proxy)
            yield world
            await world.close()
