"""Every actor and root of a running daemon fails in turn: restarted, parked, seen and resumed, the others unmoved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.machines import Machine
from tests.faults.parking import SHORT, is_parked, require_each_parks_alone, restarts
from tests.faults.seeing import metric
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer, at_level, earn
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

ACTORS = ("supervisor", "planner", "revenue", "component:files")
"""The commands actor is apart: nobody can be asked to resume it but the next start."""


@pytest.fixture
def daemon(
    redis_server: RedisServer, shop: FileShop, machine: Machine, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DaemonProcess]:
    """A daemon whose floor stands."""
    state = tmp_path_factory.mktemp("defects") / "state"
    with DaemonProcess(
        state, shop.plan_path, redis_server.url, "--act", settings=SHORT, wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


def touched(keys: Keys, number: int) -> None:
    """Give everybody something to do."""
    keys.payment(f"touch{number}", "2024-01-03", "1.00")


def test_each_actor_that_fails_is_parked_alone_and_resumed_by_an_operator(
    daemon: DaemonProcess, machine: Machine, keys: Keys
) -> None:
    """Two restarts, then parked: said, counted, recorded, and after `resume-actor` it works as before (I11)."""
    failed: set[str] = set()
    for number, name in enumerate(ACTORS):
        with machine.defect(name):
            until(lambda name=name, number=number: touched(keys, number) or is_parked(daemon, name), f"{name} to park")
        failed.add(name)
        assert restarts(daemon) == failed
        until(lambda: metric(daemon, "solvent_actors_parked_items") == 1, "the metric")
        until(lambda name=name: name in daemon.journal.state().parked_actors, "the record")
        sent = keys.command("resume-actor", actor=name, reason="mended")
        assert "done" == answer(keys, sent)["outcome"]
        until(lambda: metric(daemon, "solvent_actors_parked_items") == 0, "the metric to fall")

    earn(keys, 1, "250.00")
    until(lambda: at_level(daemon, 1), "level 1 to stand")
    assert 0 == daemon.stop()
    assert daemon.journal.is_whole()


def test_a_commands_actor_that_is_parked_is_there_again_after_the_next_start(
    daemon: DaemonProcess, machine: Machine, keys: Keys
) -> None:
    """Nobody can be asked to resume it: commands wait unread and unlost, payments go on, a start answers each once."""
    with machine.defect("commands"):
        sent = [keys.command("pin", component="search", state="COLD", reason="early") for _ in range(3)]
        until(lambda: is_parked(daemon, "commands"), "the commands actor to park")
        earn(keys, 1, "250.00")
        until(lambda: at_level(daemon, 1), "level 1 to stand")
        assert 0 == daemon.stop()

    daemon.start()

    assert {"done", "refused"} >= {answer(keys, each)["outcome"] for each in sent}


def test_each_root_that_fails_is_parked_alone_and_resumed_by_an_operator(
    daemon: DaemonProcess, machine: Machine, keys: Keys
) -> None:
    """Two restarts, then parked: the health page names it, the others go on, `resume-actor` starts it again."""
    roots = ("payments intake", "publication", "audit", "costs", "orphans", "systemd")
    require_each_parks_alone(daemon, machine, keys, roots)

    earn(keys, 1, "250.00")
    until(lambda: at_level(daemon, 1), "level 1 to stand")
    until(lambda: len(keys.published_sequences()) == daemon.journal.last_sequence(), "everything to be published")
    assert 0 == daemon.stop()
