"""A replication group at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.elasticache_place import ElastiCachePlace


class TestElastiCacheContract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[ElastiCachePlace]:
        """An empty account for each test."""
        with ElastiCachePlace(moto_port) as place:
            yield place
            await place.end()
