"""A control plane at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.eks_cluster_place import EksClusterPlace


class TestEksClusterContract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator, and with work that takes its time."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[EksClusterPlace]:
        """An empty account for each test."""
        with EksClusterPlace(moto_port) as place:
            yield place
            await place.end()

    async def test_a_listed_resource_can_be_removed(self, harness: EksClusterPlace) -> None:
        """The same, where the removal is over by the second time; `test_eks_cluster` has the time before."""
        harness.proxy.delays.looks = 0
        await super().test_a_listed_resource_can_be_removed(harness)
