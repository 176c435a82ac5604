"""A real `solvent run` in a process of its own, started, stopped and killed by a test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

import msgspec

from adapters.state_directory import RUN_FACTS_NAME, RunFacts
from tests.processes.journal_file import JournalFile
from tests.processes.waiting import PATIENCE_S, until

PROGRAM: Final = str(Path(sys.executable).with_name("solvent"))
QUICK: Final = {
    "SOLVENT_HEALTH__CHECK_EVERY_S": "1",
    "SOLVENT_PAYMENTS__BLOCK_MS": "100",
    "SOLVENT_PAYMENTS__RECONNECT_MAX_S": "1",
    "SOLVENT_PAYMENTS__TRIM_EVERY_S": "1",
    "SOLVENT_PROVISIONING__OBSERVE_EVERY_S": "1",
    "SOLVENT_PROVISIONING__RETRY_INITIAL_S": "1",
    "SOLVENT_PROVISIONING__RETRY_MAX_S": "1",
    "SOLVENT_PROVISIONING__CONSISTENCY_GRACE_S": "2",
    "SOLVENT_JOURNAL__DISK_RETRY_S": "1",
}
"""Settings under which a test need not wait for what an operator would."""
LOG_TAIL_CHARACTERS: Final = 3_000


class DaemonProcess:
    """The daemon of one state directory; `with DaemonProcess(...) as daemon` starts it and leaves none behind."""

    def __init__(
        self,
        state_directory: Path,
        plan: Path | str,
        redis: str | None,
        *options: str,
        instance: str = "solvent",
        settings: Mapping[str, str] = {},
        wrapper: Sequence[str] = (),
    ) -> None:
        """`options` are further options of `solvent run`, `wrapper` a program that starts it; `redis` may be set."""
        self.state_directory = state_directory
        self.journal = JournalFile(state_directory)
        self.log_path = state_directory.with_name(f"{state_directory.name}.log")
        place = ("--state-dir", str(state_directory), "--instance", instance)
        outside = (*(("--redis", redis) if redis else ()), "--http", "127.0.0.1:0")
        self._command = [*wrapper, PROGRAM, "run", "--plan", str(plan), *place, *outside, *options]
        kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
        self._environment = {**kept, **QUICK, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        sys.stdout.write(self.log[-LOG_TAIL_CHARACTERS:])  # shown where the test fails

    @property
    def pid(self) -> int:
        """The process id; raises `AssertionError` before the start."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process that was started last is still there."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything that the daemons of this state directory said, the newest last."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, *, ready: bool = True) -> Self:
        """Start the process, and wait until it says where it is found."""
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        if ready:
            self.wait_ready()
        return self

    def wait_ready(self) -> RunFacts:
        """Where the running daemon is found."""
        return until(self._facts, "the daemon to be ready")

    def _facts(self) -> RunFacts | None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self._process.returncode}: {self.log[-LOG_TAIL_CHARACTERS:]}")
        try:
            written = (self.state_directory / RUN_FACTS_NAME).read_bytes()
        except FileNotFoundError:
            return None
        facts = msgspec.json.decode(written, type=RunFacts)
        return facts if facts.pid == self._process.pid else None

    def kill(self) -> None:
        """`kill -9`: nothing of it runs any more, but its scripts may."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, within_s: float = PATIENCE_S) -> int:
        """SIGTERM, and its exit code; raises `subprocess.TimeoutExpired`."""
        self.terminate()
        return self.wait(within_s)

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def interrupt(self) -> None:
        """SIGINT, as Ctrl-C sends it."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """The exit code of a process that ends by itself."""
        assert self._process is not None
        return self._process.wait(within_s)

    def refusal(self) -> tuple[int, str]:
        """The exit code and the words of a daemon that must not start."""
        said_before = len(self.log)
        self.start(ready=False)
        try:
            code = self.wait()
        finally:
            if self._process is not None and self._process.poll() is None:
                self.kill()
        return code, self.log[said_before:]
