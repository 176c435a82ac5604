"""A dial of a running daemon, in a Redis of its own: turned, explained, kept over a kill, untouched by a dry run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from machines.events import DialTurned
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

PLAN = """\
plan: shop
currency: EUR
timezone: UTC
components:
  llm_share: {monthly_cost: 0, provisioner: dial, options: {providers: [openai, anthropic]}}
levels:
  - {id: floor, max_burn: 10, components: [llm_share]}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A shop of one dial."""
    path = tmp_path / "shop.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def dial(keys: Keys) -> dict[str, str]:
    """What the application reads."""
    found: Any = keys.client.hgetall(keys.key("dial:llm_share"))
    return dict(found)


def measure(keys: Keys, accuracy: str) -> None:
    """The application measures, and says so."""
    seconds: Any = keys.client.time()
    keys.client.hset(
        keys.key("dial:llm_share:measured"), mapping={"accuracy": accuracy, "measured_at": str(seconds[0])}
    )


def test_a_dial_turns_and_survives_a_kill(redis_server: RedisServer, keys: Keys, plan: Path, tmp_path: Path) -> None:
    """At the floor 100, at bad accuracy 0; a Redis that lost it all is given the journal's position again."""
    believed_at_once = {"SOLVENT_PROVISIONING__CONSISTENCY_GRACE_S": "1"}
    daemon = DaemonProcess(tmp_path / "state", plan, redis_server.url, "--act", settings=believed_at_once)
    with daemon:
        until(lambda: dial(keys).get("share_percent") == "100", "the dial to be turned")
        measure(keys, "0.75")
        fallen = until(lambda: dial(keys) if dial(keys)["wished_percent"] == "0" else None, "the fall-back")
        daemon.kill()
        keys.client.delete(keys.key("dial:llm_share"), keys.key("dial:llm_share:measured"))
        daemon.start()
        back = until(lambda: dial(keys) if dial(keys).get("turned_at") else None, "the dial to be shown again")

        assert ("on", "0", "openai,anthropic") == tuple(
            fallen[each] for each in ("state", "share_percent", "providers")
        )
        told = ("share_percent", "wished_percent", "reasons", "turned_at")
        assert [fallen[each] for each in told] == [back[each] for each in told]
        assert [100, 0] == [each.share_percent for each in daemon.journal.events(DialTurned)]


def test_the_dial_is_explained(redis_server: RedisServer, keys: Keys, plan: Path, tmp_path: Path) -> None:
    """`solvent explain` and `solvent status` have its share and its reasons."""
    with DaemonProcess(tmp_path / "state", plan, redis_server.url, "--act") as daemon:
        until(lambda: dial(keys).get("share_percent") == "100", "the dial to be turned")
        place = ("--state-dir", str(daemon.state_directory), "--format", "json")
        explained = json.loads(subprocess.check_output([PROGRAM, "explain", "llm_share", *place], timeout=60))
        status = json.loads(subprocess.check_output([PROGRAM, "status", *place], timeout=60))

    assert (100, 100) == (explained["dial"]["share_percent"], explained["dial"]["wished_percent"])
    assert "level 0 asks for 100 % self-hosted" in explained["dial"]["reasons"]
    assert explained["dial"] == status["components"]["llm_share"]["dial"]


def test_a_dry_run_publishes_no_dial(redis_server: RedisServer, keys: Keys, plan: Path, tmp_path: Path) -> None:
    """A daemon that only observes makes no key and journals no turn."""
    with DaemonProcess(tmp_path / "state", plan, redis_server.url) as daemon:
        measure(keys, "0.75")
        until(lambda: keys.client.exists(keys.key("component:llm_share")), "the state to be published")
        daemon.stop()

        assert ({}, []) == (dial(keys), daemon.journal.events(DialTurned))
