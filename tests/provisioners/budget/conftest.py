"""What the tests of the budgets share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.provisioners.budget.budget_world import BudgetWorld


@pytest.fixture
async def world(redis_url: str) -> AsyncIterator[BudgetWorld]:
    """An empty instance on a real Redis, nothing failing."""
    world = BudgetWorld(redis_url)
    yield world
    await world.close()
