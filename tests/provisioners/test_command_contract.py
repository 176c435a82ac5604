"""The command provisioner, over the shipped example scripts, does what every provisioner must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.file_world import FileWorld


class TestCommandContract(ProvisionerContract):
    """Real processes on real files."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> FileWorld:
        """A world of its own for each test."""
        return FileWorld(tmp_path)
