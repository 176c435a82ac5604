"""Starting and stopping the real daemon: who may start, what a first run does, what a restart remembers."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from machines.events import FreezeChanged, Mode, Pause, PlanAdopted, Started
from machines.state.operators import HeldPause
from tests.journal.journal_files import alter, ask
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import at_level, earn, rise
from tests.processes.redis_place import Keys, RedisServer
from tests.processes.waiting import until

UP = ["warm.files", "activate.files", "warm.database", "activate.database", "warm.web", "activate.web"]
"""What the scripts are asked from nothing to level 1."""


@pytest.fixture
def acting(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> DaemonProcess:
    """A daemon that may act, not yet started."""
    return DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act")


# --- who may start ---


def test_a_second_daemon_on_the_state_directory_names_the_first(acting: DaemonProcess, shop: FileShop) -> None:
    """It ends with 2, names the holder's process and what to do, and the first goes on."""
    with acting:
        second = DaemonProcess(acting.state_directory, shop.plan_path, "redis://127.0.0.1:1")
        code, said = second.refusal()

        assert 2 == code
        assert f"is held by pid {acting.pid} on {socket.gethostname()}" in said
        assert "--state-dir" in said
        assert 0 == acting.stop()


def test_a_daemon_started_twice_reads_that_it_runs(acting: DaemonProcess, shop: FileShop) -> None:
    """The held state directory is named before the taken HTTP address, which follows from it."""
    with acting:
        http = acting.wait_ready().http.removeprefix("http://")
        second = DaemonProcess(acting.state_directory, shop.plan_path, "redis://127.0.0.1:1", "--http", http)
        code, said = second.refusal()

        assert 2 == code
        assert f"is held by pid {acting.pid}" in said
        assert "cannot serve HTTP" not in said
        assert 0 == acting.stop()


def test_a_taken_address_is_refused_before_anything_starts(
    shop: FileShop, redis_server: RedisServer, tmp_path: Path
) -> None:
    """It ends with 2 and says what to do; no journal is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--http", address)
        code, said = refused.refusal()

    assert 2 == code
    assert f"cannot serve HTTP at {address}" in said
    assert not refused.journal.path.exists()


def test_a_second_journal_on_the_instance_names_the_first(
    acting: DaemonProcess, shop: FileShop, redis_server: RedisServer, keys: Keys, tmp_path: Path
) -> None:
    """It ends with 2, names the holder of the keys, and neither counts a payment nor runs a script."""
    with acting:
        until(acting.journal.at_rest, "the floor to stand")
        earn(keys, 1, "10.00")
        calls = shop.calls()
        second = DaemonProcess(tmp_path / "other", shop.plan_path, redis_server.url, "--act")
        code, said = second.refusal()

        assert 2 == code
        assert f"process {acting.pid} on {socket.gethostname()}, state directory {acting.state_directory}" in said
        assert "--instance" in said
        assert [] == second.journal.counted()
        assert calls == shop.calls()


def test_another_instance_name_on_the_same_redis_starts(
    acting: DaemonProcess, shop: FileShop, redis_server: RedisServer, keys: Keys, tmp_path: Path
) -> None:
    """Two instances on one Redis do not mix: each counts the payments of its own stream."""
    other = DaemonProcess(tmp_path / "other", shop.plan_path, redis_server.url, instance="other")
    theirs = Keys(keys.client, "other")
    with acting, other:
        keys.payment("ours", "2024-01-10", "10.00")
        theirs.payment("theirs", "2024-01-10", "20.00")
        until(lambda: acting.journal.counted() and other.journal.counted(), "both to count")

        assert ["ours"] == [payment.payment_id for payment in acting.journal.counted()]
        assert ["theirs"] == [payment.payment_id for payment in other.journal.counted()]


def test_a_bad_plan_is_refused_with_all_of_its_errors(acting: DaemonProcess, shop: FileShop) -> None:
    """Every error with file, line and key; nothing is made in the state directory but what was there."""
    shop.write_plan(web="monthly_cost: many\n    requires: [databse]", search="monthly_cost: -1")
    code, said = acting.refusal()

    assert 2 == code
    for key in ("components.web.monthly_cost", "components.web.requires", "components.search.monthly_cost"):
        assert [line for line in said.splitlines() if line.startswith(f"{shop.plan_path}:") and key in line], key
    assert not acting.state_directory.exists()


# --- what a journal does to a start ---


def test_a_torn_end_is_mended_and_its_payment_counted_again(
    acting: DaemonProcess, keys: Keys, redis_server: RedisServer
) -> None:
    """The daemon says what it took away, and the payment of the torn event counts once again, not twice."""
    with acting:
        until(acting.journal.at_rest, "the floor to stand")
        keys.payment("first", "2024-01-10", "10.00")
        until(acting.journal.counted, "the first payment")
        keys.payment("second", "2024-01-11", "20.00")
        until(lambda: len(acting.journal.counted()) == 2, "the second payment")
        assert 0 == acting.stop()
    path = acting.journal.path
    torn = "SELECT max(sequence) FROM events WHERE type = 'PaymentsRecorded'"
    alter(path, f"DELETE FROM events WHERE sequence > ({torn})")
    alter(path, f"UPDATE events SET data = substr(data, 1, 20) WHERE sequence = ({torn})")
    with acting:
        until(lambda: len(acting.journal.counted()) == 2, "the second payment again")
        assert 0 == acting.stop()

    assert "had a torn end" in acting.log
    assert acting.journal.is_whole()
    assert ["first", "second"] == [payment.payment_id for payment in acting.journal.counted()]


def test_a_damaged_middle_refuses_to_start_and_says_where(acting: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """It ends with 2 and the event's number; neither the journal nor the world is touched."""
    with acting:
        rise(acting, keys)
        assert 0 == acting.stop()
    path, calls = acting.journal.path, shop.calls()
    alter(path, "UPDATE events SET actor = 'somebody' WHERE sequence = 3")
    before = ask(path, "SELECT * FROM events")
    code, said = acting.refusal()

    assert 2 == code
    assert "is damaged: event 3" in said
    assert "the last good event is 2" in said
    assert before == ask(path, "SELECT * FROM events")
    assert calls == shop.calls()


def test_a_journal_behind_its_published_events_starts_paused(acting: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """A restored backup says why it is paused and does nothing, though revenue asks for it, until `resume`."""
    with acting:
        until(acting.journal.at_rest, "the floor to stand")
        assert 0 == acting.stop()
    path = acting.journal.path
    backup = shutil.copy(path, path.with_name("backup"))
    with acting:
        rise(acting, keys)
        until(lambda: len(keys.entries("events")) == acting.journal.last_sequence(), "all events to be published")
        assert 0 == acting.stop()
    calls, published = shop.calls(), len(keys.entries("events"))
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(backup, path)
    with acting:
        earn(keys, 2, "10.00")
        until(lambda: acting.journal.decided() == 0, "the fall to be decided")
        pause = acting.journal.state().operators.pause

        assert isinstance(pause, HeldPause)
        assert Pause.ALL is pause.scope
        assert "the journal is behind what was published" in pause.reason
        assert f"event {published} was published" in pause.reason
        assert calls == shop.calls()


def test_a_start_with_nothing_changed_writes_one_event(acting: DaemonProcess, keys: Keys) -> None:
    """The second boot writes only that it started (I3)."""
    with acting:
        rise(acting, keys)
        assert 0 == acting.stop()
    last = acting.journal.last_sequence()
    with acting:
        looked_s = 3.0  # three rounds of every timer
        with pytest.raises(AssertionError, match="in vain"):
            until(lambda: acting.journal.last_sequence() > last + 1, "a second event", within_s=looked_s)
        assert 0 == acting.stop()

    assert [Started] == [type(each.event) for each in acting.journal.recorded(last)]


# --- first contact ---


def test_the_first_run_observes_only_until_it_may_act(
    redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path
) -> None:
    """Without --act it decides and runs no script; with it, it acts; afterwards the mode is remembered."""

    def daemon(*options: str) -> DaemonProcess:
        return DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, *options)

    with daemon() as observing:
        earn(keys, 1, "250.00")
        until(lambda: observing.journal.decided() == 1, "level 1 to be decided")
        assert 0 == observing.stop()
    assert "nothing is changed until it is started with --act" in observing.log
    assert [] == shop.calls()
    with daemon("--act") as acting:
        until(lambda: at_level(acting, 1), "level 1 to stand")
        assert 0 == acting.stop()
    assert UP == shop.calls()
    with daemon() as remembering:
        earn(keys, 2, "10.00")
        until(lambda: at_level(remembering, 0), "the floor to stand")

    modes = [event.mode for event in remembering.journal.events(Started)]
    assert [Mode.OBSERVE_ONLY, Mode.ACT, Mode.ACT] == modes
    assert [*UP, "deactivate.web", "decommission.web", "deactivate.database"] == shop.calls()


def test_a_changed_plan_is_frozen_until_its_reload(acting: DaemonProcess, shop: FileShop, keys: Keys) -> None:
    """The old plan stands and nothing moves, though revenue rose; the verb `reload` lets the new one decide."""
    with acting:
        until(acting.journal.at_rest, "the floor to stand")
        assert 0 == acting.stop()
    calls = shop.calls()
    shop.write_plan(web="monthly_cost: 41\n    requires: [database]")
    with acting:
        earn(keys, 1, "250.00")
        until(lambda: acting.journal.state().revenue.watermark, "the month's end")
        frozen = acting.journal.state()

        assert "approve it with the verb reload" in frozen.freezes["plan_changed"]
        assert "if this machine has the wrong file, put the right one there" in frozen.freezes["plan_changed"]
        assert frozen.plan is not None
        assert 40_000_000 == frozen.plan.components["web"].monthly_cost_micros
        assert calls == shop.calls()
        assert acting.journal.decided() is None

        keys.command("reload", reason="the new prices")
        until(lambda: at_level(acting, 1), "level 1 to stand")
        assert 41_000_000 == acting.journal.state().components.of("web").committed_micros
        assert 0 == acting.stop()
    assert 2 == len(acting.journal.events(PlanAdopted))
    assert [True, False] == [each.frozen for each in acting.journal.events(FreezeChanged) if each.key == "plan_changed"]
