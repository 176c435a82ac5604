"""The compose provisioner, over a stub `docker`, does what every provisioner must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.compose.compose_world import ComposeWorld


class TestComposeContract(ProvisionerContract):
    """Real processes; the engine is a file."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> ComposeWorld:
        """A world of its own for each test."""
        return ComposeWorld(tmp_path)
