"""The world in memory, for what the contract does not say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.provisioners.kubernetes.kube_world import MemoryWorld


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[MemoryWorld]:
    """A namespace behind HTTP."""
    made = MemoryWorld(tmp_path)
    yield made
    await made.close()
