"""The Kubernetes provisioner does what every provisioner must do, on an API server in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.kubernetes.kube_world import MemoryWorld


class TestMemoryContract(ProvisionerContract):
    """Real HTTP, objects in memory."""

    @pytest.fixture
    async def harness(self, tmp_path: Path) -> AsyncIterator[MemoryWorld]:
        """A world of its own for each test."""
        world = MemoryWorld(tmp_path)
        yield world
        await world.close()
