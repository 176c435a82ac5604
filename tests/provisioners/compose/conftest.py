"""What the tests of the compose provisioner share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provisioners.compose.compose_world import ComposeWorld


@pytest.fixture
def world(tmp_path: Path) -> ComposeWorld:
    """An engine of its own for each test."""
    return ComposeWorld(tmp_path)
