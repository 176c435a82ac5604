"""An instance at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.ec2_place import Ec2Place


class TestEc2Contract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[Ec2Place]:
        """An empty account for each test."""
        with Ec2Place(moto_port) as place:
            yield place
            await place.end()
