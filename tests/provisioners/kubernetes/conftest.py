"""The worlds: one in memory, for what the contract does not say, and a real API server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.provisioners.kubernetes.kube_world import MemoryWorld
from tests.provisioners.kubernetes.real_api_server import SCRIPT_VARIABLE, RealApiServer


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[MemoryWorld]:
    """A namespace behind HTTP."""
    made = MemoryWorld(tmp_path)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealApiServer]:
    """One API server for all tests of this file."""
    script = os.environ.get(SCRIPT_VARIABLE)
    if not script:
        pytest.skip(f"{SCRIPT_VARIABLE} names no script that starts an API server (`SCRIPT DIRECTORY PORT`)")
    running = RealApiServer(script, tmp_path_factory.mktemp("api"))
    yield running
    running.stop()
