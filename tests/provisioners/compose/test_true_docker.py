"""The true `docker` program reads an engine's answers with the arguments and the template that the adapter gives it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from adapters.clocks import AcceleratedClock
from adapters.provisioners.compose.containers import PROJECT_LABEL, Container, containers_with
from adapters.provisioners.compose.docker import Docker
from machines.ports.faults import Ambiguous, Transient
from tests.contracts.provisioner_harness import ORIGIN
from tests.provisioners.compose.engine_api import engine

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None, reason="install Docker's command line (docker-cli) to run this"
)
LABELS = {
    "com.docker.compose.depends_on": "job:service_started:false,store:service_healthy:true",
    "com.docker.compose.oneoff": "False",
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "db",
}


def inspected(number: str, **state: Any) -> dict[str, Any]:
    """A container as an engine of version 25 to 28 shows it, the keys that nobody reads left out."""
    return {
        "Id": number * 64,
        "Name": f"/shop-db-{number}",
        "State": {"Status": "running", "Running": True, "ExitCode": 0, **state},
        "Image": "sha256:dc1103822fa306062ff7528afee092c01d475c98e6042b6790d499c1271426cc",
        "Config": {"Image": "redis:latest", "Labels": LABELS},
        "HostConfig": {"Memory": 67108864, "NanoCpus": 500000000},
    }


def docker_on(socket: Path, scratch: Path) -> Docker:
    """The program, led to the socket."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(scratch)}
    return Docker(environment, f"unix://{socket}", 20, scratch, AcceleratedClock(ORIGIN, 1.0))


async def test_two_containers_are_read(tmp_path: Path) -> None:
    """Status, health, labels with commas, image and limits arrive; no health check is no health."""
    checked = inspected("1", Health={"Status": "healthy", "FailingStreak": 0, "Log": []})
    ended = inspected("2", Status="exited", Running=False, ExitCode=137)

    with engine(tmp_path / "engine.sock", [checked, ended]) as asked:
        found = await containers_with(docker_on(tmp_path / "engine.sock", tmp_path), PROJECT_LABEL, "shop")

    facts: dict[str, Any] = {
        "image": "redis:latest",
        "labels": LABELS,
        "memory_bytes": 67108864,
        "nano_cpus": 500000000,
    }
    assert found == (
        Container("1" * 64, "/shop-db-1", "running", 0, health="healthy", **facts),
        Container("2" * 64, "/shop-db-2", "exited", 137, **facts),
    )
    assert any('"label":{"com.docker.compose.project=shop":true}' in path and "all=1" in path for path in asked)


async def test_no_container_is_none(tmp_path: Path) -> None:
    """An engine that lists nothing is asked nothing more."""
    with engine(tmp_path / "engine.sock", []):
        assert () == await containers_with(docker_on(tmp_path / "engine.sock", tmp_path), PROJECT_LABEL, "shop")


async def test_an_engine_that_is_away_is_transient(tmp_path: Path) -> None:
    """The program's own complaint is recognised."""
    with pytest.raises(Transient, match="docker ps ended with exit 1"):
        await containers_with(docker_on(tmp_path / "nobody.sock", tmp_path), PROJECT_LABEL, "shop")


async def test_a_container_that_went_meanwhile_is_unknown(tmp_path: Path) -> None:
    """Listed and then gone: look again."""
    listed = inspected("3")

    class Going(dict[str, Any]):
        """Listed by its id, and by no other look."""

        asked = 0

        def __getitem__(self, key: str) -> Any:
            self.asked += 1
            return listed[key] if self.asked == 1 else "gone"

    with engine(tmp_path / "engine.sock", [Going(listed)]), pytest.raises(Ambiguous, match="went while"):
        await containers_with(docker_on(tmp_path / "engine.sock", tmp_path), PROJECT_LABEL, "shop")
