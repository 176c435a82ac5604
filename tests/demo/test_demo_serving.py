"""After the last month the demo serves, and Ctrl-C ends it whenever it comes."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.demo.playing import COMMAND, TIME_LIMIT_S, environment

ENDS_WITHIN_S = 15


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where the demo finds room for its temporary state directory."""
    path = tmp_path / "temporary"
    path.mkdir()
    return path


@pytest.fixture
def starting(tmp_path: Path, temporary: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ended with the test, whatever it found."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=TIME_LIMIT_S)


def begun(
    starting: list[subprocess.Popen[str]], temporary: Path, until: str, *options: str
) -> tuple[subprocess.Popen[str], str]:
    """A demo that has just printed a line with `until`, and all that it printed so far."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=temporary.parent,
        env={**environment(), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    starting.append(process)
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if until in line:
            break
    return process, said


def ended(process: subprocess.Popen[str], number: signal.Signals) -> int:
    """The exit code after a signal; raises `TimeoutExpired` where the demo does not end soon."""
    process.send_signal(number)
    process.communicate(timeout=ENDS_WITHIN_S)
    return process.returncode


def test_it_serves_with_commands_that_work_until_ctrl_c(starting: list[subprocess.Popen[str]], temporary: Path) -> None:
    """The printed port and address are those of the running daemon; nothing is left behind afterwards."""
    process, said = begun(starting, temporary, "Serving until Ctrl-C", "--speed", "fast", "--serve")
    metrics = re.search(r"curl -s (http://\S+)/metrics", said)
    typed = re.search(r"^  (\S*redis-cli -p \d+ HGETALL solvent:component:rds_single)$", said, re.MULTILINE)
    state_dir = re.search(r"status --state-dir (\S+)$", said, re.MULTILINE)

    assert metrics is not None
    assert typed is not None
    assert state_dir is not None
    assert "explain level_3_scale --state-dir" in said
    assert "backtest yourfile.csv --plan autobroker" in said
    assert re.search(r"XADD solvent:commands '\*' verb pin component rds_single state WARM", said)
    with urlopen(f"{metrics[1]}/metrics", timeout=5) as page:
        assert b"solvent_" in page.read()
    if os.access(shlex.split(typed[1])[0], os.X_OK):
        answer = subprocess.run(shlex.split(typed[1]), capture_output=True, text=True, timeout=10, check=True)
        assert answer.stdout.split()[:2] == ["state", "WARM"]
    assert Path(state_dir[1]).parent == temporary
    assert ended(process, signal.SIGINT) == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_the_history_ends_it_cleanly(
    starting: list[subprocess.Popen[str]], temporary: Path, number: signal.Signals
) -> None:
    """The daemon stops in order, the exit code is 0, the temporary directory is gone."""
    process, said = begun(starting, temporary, "HOT", "--speed", "normal", "--serve")

    assert "Serving" not in said
    assert ended(process, number) == 0
    assert list(temporary.iterdir()) == []


def test_a_continuous_integration_job_is_not_kept_waiting(
    starting: list[subprocess.Popen[str]], temporary: Path
) -> None:
    """With CI set it plays, says how it ended, and ends."""
    process = subprocess.run(
        [*COMMAND, "--speed", "fast"],
        cwd=temporary,
        env={**environment(), "CI": "true"},
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )

    assert process.returncode == 0
    assert "Serving" not in process.stdout
