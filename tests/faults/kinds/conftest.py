"""A way to each kind, with the servers that the kinds' own tests use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.faults.kinds.kinds import AWS, KINDS, aws, memory, memory_with_tls, mqtt, real
from tests.faults.kinds.way import Way
from tests.provisioners.aws.conftest import moto_port
from tests.provisioners.kubernetes.conftest import server
from tests.provisioners.mqtt.conftest import broker

__all__ = ["broker", "moto_port", "server", "way"]


@pytest.fixture(params=KINDS)
async def way(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Way]:
    """Nothing stands, and nothing is cut."""
    async with AsyncExitStack() as exits:
        if request.param in AWS:
            made = await aws(exits, AWS[request.param](request.getfixturevalue("moto_port")))
        elif request.param == "mqtt":
            made = await mqtt(exits, request.getfixturevalue("broker"), tmp_path)
        elif request.param == "kubernetes":
            made = await memory(exits, tmp_path)
        elif request.param == "kubernetes-tls":
            made = await memory_with_tls(exits, tmp_path)
        else:
            made = await real(exits, request.getfixturevalue("server"), tmp_path)
        yield made
