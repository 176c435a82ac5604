"""A node group at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.eks_node_group_place import EksNodeGroupPlace


class TestEksNodeGroupContract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator, work that takes time, and a market with plenty."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[EksNodeGroupPlace]:
        """A cluster without node groups for each test."""
        with EksNodeGroupPlace(moto_port) as place:
            yield place
            await place.end()

    async def test_a_listed_resource_can_be_removed(self, harness: EksNodeGroupPlace) -> None:
        """The same, where the removal is over by the second time; `test_eks_node_group` has the time before."""
        harness.proxy.delays.looks = 0
        await super().test_a_listed_resource_can_be_removed(harness)
