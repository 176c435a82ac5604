"""A bus for a module's tests, and a world on it for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.provisioners.systemd.fake_systemd import FakeSystemd
from tests.provisioners.systemd.private_bus import private_bus
from tests.provisioners.systemd.systemd_world import SystemdWorld


@pytest.fixture(scope="module")
def bus_address() -> Iterator[str]:
    """A private bus without any service."""
    with private_bus() as (address, _):
        yield address


@pytest.fixture
async def harness(bus_address: str, tmp_path: Path) -> AsyncIterator[SystemdWorld]:
    """A world of its own for each test."""
    systemd = FakeSystemd()
    await systemd.start(bus_address)
    try:
        yield SystemdWorld(tmp_path, bus_address, systemd)
    finally:
        await systemd.stop()
