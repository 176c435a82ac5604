"""One daemon holds a state directory; others learn who."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.state_directory import HeldError, RunFacts, StateDirectory, current_holder, read_run_facts
from config.instants import SECOND

ROOT = Path(__file__).parents[2]
SINCE = 1_704_067_200 * SECOND
HOLDING = """
import sys
from pathlib import Path
from adapters.state_directory import RunFacts, StateDirectory
directory = StateDirectory.hold(Path(sys.argv[1]), instance="other", since=1704067200000000)
directory.write_run_facts(RunFacts(1, "other"))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_who_holds(tmp_path: Path) -> None:
    """The error names process, host, instance and time, and what to do."""
    with StateDirectory.hold(tmp_path / "state", instance="solvent", since=SINCE) as held:
        with pytest.raises(HeldError) as caught:
            StateDirectory.hold(held.path, instance="second", since=SINCE + SECOND)
        assert f"pid {os.getpid()} on {socket.gethostname()}, instance 'solvent', since 2024-01-01T00:00:00Z" in str(
            caught.value
        )
        assert caught.value.holder == current_holder(held.path)


def test_a_released_directory_can_be_held_again(tmp_path: Path) -> None:
    """Letting go leaves no holder and no run facts; letting go twice is harmless."""
    first = StateDirectory.hold(tmp_path, instance="a", since=SINCE)
    first.write_run_facts(RunFacts(os.getpid(), "a"))
    first.release()
    first.release()
    assert current_holder(tmp_path) is None
    assert not (tmp_path / "run.json").exists()
    with StateDirectory.hold(tmp_path, instance="b", since=SINCE):
        holder = current_holder(tmp_path)
        assert holder is not None
        assert holder.instance == "b"


def test_a_killed_holder_is_taken_over(tmp_path: Path) -> None:
    """The hold dies with its process, and the facts it left behind are not believed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(HeldError, match=f"pid {process.pid} "):
            StateDirectory.hold(tmp_path, instance="mine", since=SINCE)
        assert read_run_facts(tmp_path) == RunFacts(1, "other")
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert read_run_facts(tmp_path) is None
    with StateDirectory.hold(tmp_path, instance="mine", since=SINCE) as held:
        assert current_holder(held.path) is not None


def test_a_child_does_not_keep_the_directory(tmp_path: Path) -> None:
    """A script started by the daemon does not hold the directory after the daemon is gone."""
    held = StateDirectory.hold(tmp_path, instance="a", since=SINCE)
    script = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, close_fds=False
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        held.release()
        StateDirectory.hold(tmp_path, instance="b", since=SINCE).release()
        child.kill()


def test_run_facts_are_private_and_replaced_whole(tmp_path: Path) -> None:
    """What is written is what is read, mode 0600 in a directory of mode 0700, with no scrap left beside it."""
    with StateDirectory.hold(tmp_path / "state", instance="a", since=SINCE) as held:
        held.write_run_facts(RunFacts(7, "a"))
        facts = RunFacts(7, "a", "http://127.0.0.1:80", "redis://127.0.0.1:6379/0")
        held.write_run_facts(facts)
        assert read_run_facts(held.path) == facts
        assert {each.name: each.stat().st_mode & 0o777 for each in held.path.iterdir()} == {
            "lock": 0o600,
            "run.json": 0o600,
        }
        assert held.path.stat().st_mode & 0o777 == 0o700


def test_nothing_is_known_of_a_directory_that_is_not_there(tmp_path: Path) -> None:
    """Asking makes nothing."""
    assert read_run_facts(tmp_path / "none") is None
    assert current_holder(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == []


def test_a_lock_without_a_name_is_still_a_lock(tmp_path: Path) -> None:
    """A holder that has not written its name yet is refused to all the same."""
    with StateDirectory.hold(tmp_path, instance="a", since=SINCE):
        (tmp_path / "lock").write_bytes(b"")
        with pytest.raises(HeldError, match="has not yet written its name"):
            StateDirectory.hold(tmp_path, instance="b", since=SINCE)
