"""Daemons that live a moment: as `DaemonProcess`, but forked from a process that has read the program already."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from tests.processes.daemon_process import DaemonProcess
from tests.processes.waiting import PATIENCE_S, until

FORKED_LIVES: Final = Path(__file__).with_name("forked_lives.py")


class Forking:
    """The process that forks them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """`forking` makes one."""
        self._process = process
        self._lives = 0

    def born(self, arguments: list[str], environment: dict[str, str], log: Path) -> Life:
        """Start a life."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._lives += 1
        ended = log.with_name(f"{log.stem}.life{self._lives}")
        life = {"arguments": arguments, "environment": environment, "log": str(log), "ended": str(ended)}
        self._process.stdin.write(json.dumps(life) + "\n")
        self._process.stdin.flush()
        return Life(int(self._process.stdout.readline()), ended)


@contextmanager
def forking() -> Iterator[Forking]:
    """One for a test."""
    command = [sys.executable, str(FORKED_LIVES)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Forking(process)
        finally:
            process.terminate()


class Life:
    """One of them, with what `DaemonProcess` asks of a `Popen`."""

    def __init__(self, pid: int, ended: Path) -> None:
        """`ended` holds the code when there is one."""
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        """The code, once it has ended."""
        return int(self._ended.read_text(encoding="ascii")) if self._ended.exists() else None

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """The code; raises `AssertionError` where it does not end in time."""
        until(self._ended.exists, f"the end of process {self.pid}", within_s)
        code = self.returncode
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send it to the process; an ended one hears nothing."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """`kill -9`."""
        self.send_signal(signal.SIGKILL)


class ShortLivedDaemon(DaemonProcess):
    """The daemon of one state directory, whose lives are forked."""

    forking: Forking

    def start(self, *, ready: bool = True) -> Self:
        """Start a life, and wait until it says where it is found."""
        life = self.forking.born(self._command[1:], self._environment, self.log_path)
        self._process = life  # type: ignore[assignment]
        if ready:
            self.wait_ready()
        return self
