"""Ending the real daemon while a script is at work: in time, and without doing anything twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from machines.events import StepEnded, StepIntended
from machines.lifecycle_states import ComponentState
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until

LADDER_S = {"SOLVENT_STOPPING__ASK_S": "2", "SOLVENT_STOPPING__CANCEL_S": "5"}
LADDER_MAX_S = 2 * (2 + 5)
"""The actors' rungs, and those of what finishes after them."""
MARGIN_S = 5.0
"""What a busy machine may add."""


@pytest.fixture
def daemon(redis_server: RedisServer, shop: FileShop, tmp_path: Path) -> DaemonProcess:
    """A daemon that may act, with a short stop ladder; not yet started."""
    return DaemonProcess(tmp_path / "state", shop.plan_path, redis_server.url, "--act", settings=LADDER_S)


def settled(daemon: DaemonProcess) -> bool:
    """Whether the floor's only actuated component stands."""
    return daemon.journal.state().components.of("files").state is ComponentState.HOT


def attempts(daemon: DaemonProcess, step: str) -> list[tuple[int, str]]:
    """The recorded attempts of a step of `files`, with their tokens."""
    found = daemon.journal.events(StepIntended)
    return [(each.attempt, each.token) for each in found if each.step.value == step]


def test_a_script_that_ends_meanwhile_is_waited_for(daemon: DaemonProcess, shop: FileShop) -> None:
    """SIGTERM while a script is at work: its end is recorded, no other script begins, and the exit code is 0."""
    begun = shop.hold("warm", "files")
    with daemon:
        until(begun.exists, "the script to begin")
        daemon.terminate()
        shop.release("warm", "files")

        assert 0 == daemon.wait()
    assert ["warm.files"] == shop.calls()
    assert ["done"] == [event.outcome.value for event in daemon.journal.events(StepEnded)]


@pytest.mark.parametrize("stubborn", [False, True], ids=["plain", "ignores SIGTERM"])
def test_a_stop_ends_in_time_and_the_next_start_takes_the_step_once(
    daemon: DaemonProcess, shop: FileShop, *, stubborn: bool
) -> None:
    """A script that does not end is not waited for; its step stays open, and the next start makes one resource."""
    begun = shop.hold("warm", "files", stubborn=stubborn)
    with daemon:
        until(begun.exists, "the script to begin")
        began_s = time.monotonic()

        assert 0 == daemon.stop()
        assert time.monotonic() - began_s < LADDER_MAX_S + MARGIN_S
    assert [] == daemon.journal.events(StepEnded)
    shop.release("warm", "files")
    with daemon:
        until(lambda: settled(daemon), "the floor to stand")
        assert 0 == daemon.stop()

    tokens = {token for _, token in attempts(daemon, "warm")}
    assert 1 == len(tokens)
    assert [("created", token) for token in tokens] == shop.history("files")


def test_after_kill_minus_nine_the_outlived_script_is_waited_for(daemon: DaemonProcess, shop: FileShop) -> None:
    """The next daemon waits for the script's lock, finds what it made, and does not repeat it."""
    begun = shop.hold("warm", "files")
    with daemon:
        until(begun.exists, "the script to begin")
        daemon.kill()
        daemon.start()
        with pytest.raises(AssertionError, match="in vain"):
            until(lambda: len(attempts(daemon, "warm")) > 1 or len(shop.calls()) > 1, "a repetition", within_s=2)
        shop.release("warm", "files")
        until(lambda: settled(daemon), "the floor to stand")
        assert 0 == daemon.stop()

    assert ["warm.files", "activate.files"] == shop.calls()
    assert ["found by its token", ""] == [event.reason for event in daemon.journal.events(StepEnded)]
    assert 1 == len(shop.history("files"))


def test_ctrl_c_stops_like_sigterm(daemon: DaemonProcess) -> None:
    """SIGINT ends the daemon with 0, and nobody is named as its holder any more."""
    with daemon:
        until(lambda: settled(daemon), "the floor to stand")
        daemon.interrupt()

        assert 0 == daemon.wait()
    assert not (daemon.state_directory / "run.json").exists()
