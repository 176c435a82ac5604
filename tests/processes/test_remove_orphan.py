"""`solvent orphans --remove` against a running daemon: shown, confirmed, removed; or refused."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.provisioners.simulated import WORLD_NAME
from adapters.provisioners.simulated.world import LiveResource, SimulatedWorld, Standing
from machines.events import OrphanFound, OrphanRemovalAsked, OrphanRemoved, RemovalOutcome
from machines.observations import ResourceState
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

NAME = "autobroker/gone#0"
QUICK_SWEEPS = {"SOLVENT_PROVISIONING__SWEEP_EVERY_S": "2", "SOLVENT_PROVISIONING__SWEEP_AGAIN_S": "1"}
REASON = ("--reason", "left by the old plan")


def daemon_with_an_orphan(tmp_path: Path, redis: RedisServer, *options: str) -> DaemonProcess:
    """A daemon of the shipped plan, in whose simulated world something of an older plan stands."""
    state_dir = tmp_path / "state"
    state_dir.mkdir(mode=0o700)
    left = {"autobroker/gone": Standing([LiveResource("left-token", 1, ResourceState.HOT)])}
    SimulatedWorld(components=left).save(state_dir / WORLD_NAME)
    return DaemonProcess(state_dir, "autobroker", redis.url, *options, settings=QUICK_SWEEPS)


@pytest.fixture
def daemon(redis_server: RedisServer, tmp_path: Path) -> Iterator[DaemonProcess]:
    """Such a daemon, which may act and has found the orphan."""
    with daemon_with_an_orphan(tmp_path, redis_server, "--act") as daemon:
        until(lambda: daemon.journal.events(OrphanFound), "the orphan to be found")
        yield daemon


def remove(daemon: DaemonProcess, *arguments: str) -> tuple[int, str]:
    """The exit code of `solvent orphans --remove`, and what it says."""
    command = [PROGRAM, "orphans", "--state-dir", str(daemon.state_directory), "--remove", NAME, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def status(daemon: DaemonProcess, *arguments: str) -> str:
    """What `solvent status` says."""
    command = [PROGRAM, "status", "--state-dir", str(daemon.state_directory), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def live(daemon: DaemonProcess) -> list[str]:
    """The tokens of what stands of the orphan, in the world's file."""
    standing = SimulatedWorld.load(daemon.state_directory / WORLD_NAME).components["autobroker/gone"]
    return [each.token for each in standing.live]


def test_a_confirmed_orphan_is_removed_from_the_world(daemon: DaemonProcess) -> None:
    """Shown in status; without a code nothing happens; with it the order, the removal, and an empty status."""
    assert f"orphan: simulated {NAME}: the plan has no component gone" in " ".join(status(daemon).split())
    (shown,) = json.loads(status(daemon, "--format", "json"))["orphans"]
    assert ("simulated", NAME, "left-token", None) == tuple(shown[key] for key in ("kind", "name", "token", "removal"))

    asked, said = remove(daemon)
    code = re.search(r"confirm=(\w+)", said)
    assert (0, ["left-token"]) == (asked, live(daemon))
    assert code is not None

    confirmed, said = remove(daemon, "--confirm", code[1], *REASON)
    until(lambda: daemon.journal.events(OrphanRemoved), "the orphan to be removed")
    assert (0, True) == (confirmed, said.startswith("done: removing simulated"))
    assert [] == live(daemon)
    assert ["left by the old plan"] == [each.reason for each in daemon.journal.events(OrphanRemovalAsked)]
    assert [RemovalOutcome.DONE] == [each.outcome for each in daemon.journal.events(OrphanRemoved)]
    assert "orphans" not in json.loads(status(daemon, "--format", "json"))


def test_a_wrong_code_ends_with_1_and_removes_nothing(daemon: DaemonProcess) -> None:
    """As the daemon says it."""
    code, said = remove(daemon, "--confirm", "00000000", *REASON)

    assert (1, True) == (code, said.startswith("refused: confirm: expected the code"))
    assert ["left-token"] == live(daemon)


def test_a_daemon_that_only_observes_refuses(redis_server: RedisServer, tmp_path: Path) -> None:
    """It has found the orphan, and says what it would remove."""
    with daemon_with_an_orphan(tmp_path, redis_server) as daemon:
        until(lambda: daemon.journal.events(OrphanFound), "the orphan to be found")
        shown = re.search(r"confirm=(\w+)", remove(daemon)[1])
        assert shown is not None
        code, said = remove(daemon, "--confirm", shown[1], *REASON)

        assert (1, True) == (code, "only observes" in said)
        assert ["left-token"] == live(daemon)


def test_options_of_a_removal_without_one_are_wrong_usage(tmp_path: Path) -> None:
    """A code without a name removes nothing."""
    command = [PROGRAM, "orphans", "--state-dir", str(tmp_path), "--confirm", "00000000"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert 2 == ended.returncode
    assert "--confirm: only together with --remove NAME" in ended.stderr
