"""A machine that a test arranges under a real daemon: its clock, its disk, its threads, the defects of its program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ARRANGED: Final = Path(__file__).with_name("arranged.py")


class Machine:
    """What `arranged.py` reads; `wrapper` starts a program on it."""

    def __init__(self, directory: Path) -> None:
        """Everything works at first."""
        self._directory = directory
        directory.mkdir()
        self.wrapper = (sys.executable, str(ARRANGED), str(directory))

    def step_clock(self, seconds: float) -> None:
        """The wall clock is so much ahead of the true one from now on."""
        self._write("clock_s", str(seconds))

    def roots(self) -> set[str]:
        """The names of all roots that the program started."""
        return set((self._directory / "roots").read_text(encoding="utf-8").splitlines())

    def hear_roots(self, every_s: float) -> None:
        """A program that is started from now on hears its roots so often."""
        self._write("beat_s", str(every_s))

    @contextmanager
    def slow_commits(self, seconds: float) -> Iterator[None]:
        """Each commit waits so long."""
        with self._arranged("commit_s", str(seconds)):
            yield

    @contextmanager
    def refused(self, method: str) -> Iterator[None]:
        """This method of the journal is refused."""
        with self._arranged(f"refuse.{method}"):
            yield

    @contextmanager
    def defect(self, name: str) -> Iterator[None]:
        """The actor or root of this name raises."""
        with self._arranged(f"defect.{name}"):
            yield

    @contextmanager
    def no_threads(self) -> Iterator[None]:
        """No thread can be started."""
        with self._arranged("no-threads"):
            yield

    @contextmanager
    def _arranged(self, name: str, text: str = "") -> Iterator[None]:
        self._write(name, text)
        try:
            yield
        finally:
            (self._directory / name).unlink()

    def _write(self, name: str, text: str) -> None:
        fresh = self._directory / "fresh"
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(self._directory / name)
