"""A load balancer at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.load_balancer_place import LoadBalancerPlace


class TestLoadBalancerContract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[LoadBalancerPlace]:
        """An empty account for each test."""
        with LoadBalancerPlace(moto_port) as place:
            yield place
            await place.end()
