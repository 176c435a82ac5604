"""`solvent doctor` beside a real daemon and a real Redis."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.redis_place import RedisServer


@pytest.fixture
def server(redis_url: str, tmp_path: Path) -> Any:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path / "redis-of-the-test")
    server.start()
    yield server
    server.stop()


def doctor(state_dir: Path, url: str) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit status, and the findings by what they are about."""
    arguments = ("doctor", "--plan", "autobroker", "--state-dir", str(state_dir), "--redis", url, "--format", "json")
    ran = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60)
    found: dict[str, list[dict[str, str]]] = {}
    for each in json.loads(ran.stdout):
        found.setdefault(each["about"], []).append(each)
    return ran.returncode, found


def test_a_running_service_is_well_and_what_breaks_is_found(server: RedisServer, tmp_path: Path) -> None:
    """Daemon, journal and Redis are well; persistence switched off and a dead Redis are found with their mend."""
    state_dir = tmp_path / "state"
    with DaemonProcess(state_dir, "autobroker", server.url, "--act"):
        code, found = doctor(state_dir, server.url)
        assert (0, {"well"}) == (code, {each["verdict"] for each in found["redis"]})
        assert ["well"] == [each["verdict"] for each in found["daemon"]]

        client: Any = redis.Redis(port=server.port)
        client.config_set("appendonly", "no")
        client.close()
        code, found = doctor(state_dir, server.url)
        wrong = [each for each in found["redis"] if each["verdict"] != "well"]
        assert (0, ["warning"]) == (code, [each["verdict"] for each in wrong])
        assert "CONFIG SET appendonly yes" in wrong[0]["mend"]

        server.kill()
        code, found = doctor(state_dir, server.url)
        assert (1, ["problem"]) == (code, [each["verdict"] for each in found["redis"]])
