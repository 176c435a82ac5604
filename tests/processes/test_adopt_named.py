"""`solvent adopt COMPONENT RESOURCE` against a running daemon: found, adopted, lowered by that name; or not found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from machines.events import ResourceAdopted, ResourceNamed
from machines.lifecycle_states import ComponentState
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A running daemon that may act, its floor standing."""
    with DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act") as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


def adopt(daemon: DaemonProcess, *arguments: str) -> tuple[int, str]:
    """The exit code of `solvent adopt`, and what it says."""
    command = [PROGRAM, "adopt", *arguments, "--reason", "made by hand", "--state-dir", str(daemon.state_directory)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def explained(daemon: DaemonProcess, component: str) -> Any:
    """What `solvent explain` says of a component."""
    command = [PROGRAM, "explain", component, "--state-dir", str(daemon.state_directory), "--format", "json"]
    return json.loads(subprocess.run(command, capture_output=True, timeout=60, check=True).stdout)


def test_a_named_resource_is_adopted_and_every_step_is_taken_on_it(
    daemon: DaemonProcess, shop: FileShop, keys: Keys
) -> None:
    """What stands elsewhere is found by its name and held; unpinned it goes, as no level enables it."""
    place = shop.world / "made-by-hand"
    made = place / "live" / "theirs"
    made.mkdir(parents=True)
    (place / "snapshots").mkdir()
    (made / "state").write_text("hot\n")
    code, said = adopt(daemon, "search", str(place))
    until(lambda: daemon.journal.events(ResourceAdopted), "the resource to be adopted")
    until(daemon.journal.at_rest, "all components to rest")
    assert made.exists()
    assert "done" == answer(keys, keys.command("unpin", component="search"))["outcome"]
    until(lambda: not made.exists(), "the adopted resource to be decommissioned")
    until(daemon.journal.at_rest, "all components to rest")
    record = daemon.journal.state().components.of("search")

    assert (0, True) == (code, said.startswith("done: search is to adopt"))
    assert [(str(place), "made by hand")] == [
        (each.resource, each.reason) for each in daemon.journal.events(ResourceNamed)
    ]
    assert [("theirs", ComponentState.HOT)] == [
        (each.token, each.to_state) for each in daemon.journal.events(ResourceAdopted)
    ]
    assert ["deactivate.search", "decommission.search"] == [call for call in shop.calls() if "search" in call]
    assert (ComponentState.COLD, "") == (record.state, record.resource_name)
    assert {} == shop.live("search")


def test_a_name_that_leads_nowhere_parks_the_component_with_the_reason(daemon: DaemonProcess, shop: FileShop) -> None:
    """Nothing is made under it; `explain` names it and says how to go on."""
    code, _ = adopt(daemon, "search", str(shop.world / "nowhere"))
    until(lambda: daemon.journal.state().components.of("search").parked, "search to be parked")
    reasons = " ".join(explained(daemon, "search")["reasons"])

    assert 0 == code
    assert f"the resource {shop.world / 'nowhere'} that it was to adopt was not found" in reasons
    assert "resume-actor" in reasons
    assert not (shop.world / "nowhere").exists()


def test_what_the_daemon_refuses_ends_with_1_and_its_reason(daemon: DaemonProcess) -> None:
    """As the daemon says it."""
    assert (1, "refused: component: nothing unmanaged was found for web\n") == adopt(daemon, "web")


def test_without_a_daemon_nothing_is_sent(tmp_path: Path) -> None:
    """Exit 3, and how to start one."""
    command = [PROGRAM, "adopt", "web", "--reason", "r", "--state-dir", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert 3 == ended.returncode
    assert f"no daemon runs on {tmp_path}" in ended.stderr
