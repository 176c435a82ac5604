"""A level held through real streams: the second operator, a kill -9, and the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from machines.events import ApprovalAsked, LevelHoldEnded
from machines.lifecycle_states import ComponentState
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, rise
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

SETTINGS = {"SOLVENT_COMMANDS__PRINCIPALS": "operator,alice"}


@pytest.fixture
def keys(keys: Keys) -> Keys:
    """Commands are sent on the stream of one who is named."""
    keys.commands_stream = "commands:operator"
    return keys


def hot(daemon: DaemonProcess, component: str) -> bool:
    """Whether the component serves."""
    return daemon.journal.state().components.of(component).state is ComponentState.HOT


def test_a_held_level_asks_a_second_operator_and_outlives_a_kill(
    redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path
) -> None:
    """Who holds it cannot approve it; after `kill -9` it is still held; `auto` lets what is decided stand again."""
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=SETTINGS) as daemon:
        rise(daemon, keys)
        held = answer(keys, keys.command("set-level", level="2", reason="a fair"))
        until(lambda: daemon.journal.events(ApprovalAsked), "the cap to ask for an approval")
        (asked,) = daemon.journal.events(ApprovalAsked)
        own = answer(keys, keys.command("approve", id=asked.approval_id, reason="I want it"))
        until(lambda: keys.hash("level").get("level_released") == "2", "the hash to show what is moved towards")
        assert ("done", "refused", "operator") == (held["outcome"], own["outcome"], asked.by)
        assert not hot(daemon, "search")

        other = keys.add("commands:alice", {"verb": "approve", "id": asked.approval_id, "reason": "go"})
        assert "done" == answer(keys, other)["outcome"]
        until(lambda: hot(daemon, "search"), "the held level to stand")

        daemon.kill()
        daemon.start()
        until(lambda: keys.hash("status").get("pid") == str(daemon.pid), "the new process to publish")
        shown = keys.hash("level")
        assert ("1", "2", "operator", "a fair") == tuple(
            shown[name] for name in ("level", "held", "held_by", "held_reason")
        )
        assert hot(daemon, "search")

        answer(keys, keys.command("set-level", level="auto"))
        until(lambda: at_level(daemon, 1) and not hot(daemon, "search"), "what is decided to stand again")
        assert ["taken back by operator"] == [each.why for each in daemon.journal.events(LevelHoldEnded)]
