"""What the tests of actors share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.actors.supervisor_desk import Desk


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """One that is closed afterwards."""
    made = Desk()
    yield made
    await made.close()
