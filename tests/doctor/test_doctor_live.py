"""`solvent doctor` beside a real daemon and a real Redis."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.pages import page
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until


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


def test_a_stream_that_takes_nothing_from_us_is_found(server: RedisServer, tmp_path: Path) -> None:
    """The daemon stays ready, for nothing is gained by taking it away, and says it; the doctor calls it a problem."""
    state_dir = tmp_path / "state"
    with DaemonProcess(state_dir, "autobroker", server.url, "--act") as daemon:
        daemon.wait_ready()
        client: Any = redis.Redis(port=server.port)
        client.xadd("solvent:events", {"hello": "world"}, id="9999999999999-1")
        client.xadd("solvent:commands", {"verb": "pause", "scope": "up", "reason": "something to publish"})
        client.close()
        until(lambda: '"stream_blocked"' in daemon.log, "the stream to be blocked")
        status, body = page(daemon, "/readyz")
        code, found = doctor(state_dir, server.url)

    said = json.loads(body)
    assert (200, True, []) == (status, said["ok"], said["reasons"])
    assert ["nothing is published into the stream events"] == [each.partition(":")[0] for each in said["notes"]]
    assert "9999999999999-1" in said["notes"][0]
    problems = [each for each in found["daemon"] if each["verdict"] == "problem"]
    assert (1, said["notes"]) == (code, [each["found"] for each in problems])
    assert "SolventStreamBlocked" in problems[0]["mend"]
