"""A bucket behind a distribution at an emulated AWS does what every provisioner must do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.aws.cloudfront_place import CloudFrontPlace


class TestCloudFrontContract(ProvisionerContract):
    """Over HTTP, with faults between solvent and the emulator."""

    @pytest.fixture
    async def harness(self, moto_port: int) -> AsyncIterator[CloudFrontPlace]:
        """An empty account for each test."""
        with CloudFrontPlace(moto_port) as place:
            yield place
            await place.end()
