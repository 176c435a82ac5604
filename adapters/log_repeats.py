"""Lines that repeat: so many are written in a window, the rest is counted and said in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from structlog import DropEvent
from structlog.types import EventDict, WrappedLogger

SUBJECTS_MAX: Final = 1_000
"""Events with their subjects that are counted at once; the oldest windows are forgotten first."""
SUPPRESSED: Final = "lines_suppressed"
_SUBJECT_FIELDS: Final = ("component", "name", "key", "kind", "source", "channel", "reader", "stream", "library")
_ALWAYS: Final = ("decision", "invariant")
"""A line that carries one of these is never left out: it belongs to a story that must be whole."""


class RepeatLimits(msgspec.Struct, frozen=True):
    """How many lines of one event and subject are written within how many seconds."""

    lines_max: int
    window_s: float


class _Window(msgspec.Struct):
    begun_s: float
    written: int = 0
    left_out: int = 0


class Repeats:
    """A structlog processor. `counts` are the lines left out since the start, by event, for the metric."""

    def __init__(
        self, limits: RepeatLimits, monotonic_s: Callable[[], float], say: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """`say` writes the line that tells how many were left out, past this processor."""
        self._limits = limits
        self._monotonic_s = monotonic_s
        self._say = say
        self._windows: dict[tuple[str, str], _Window] = {}
        self.counts: dict[str, int] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """The line, or `DropEvent` where enough of its kind were written."""
        now_s = self._monotonic_s()
        self._end_windows(now_s)
        if any(name in line for name in _ALWAYS):
            return line
        key = (str(line.get("event", "")), _subject(line))
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= SUBJECTS_MAX:
                self._end(next(iter(self._windows)))
            window = self._windows[key] = _Window(now_s)
        if window.written < self._limits.lines_max:
            window.written += 1
            return line
        window.left_out += 1
        self.counts[key[0]] = self.counts.get(key[0], 0) + 1
        raise DropEvent

    def _end_windows(self, now_s: float) -> None:
        """Windows begin in their order, so the first that has not ended ends the search."""
        while self._windows:
            key = next(iter(self._windows))
            if now_s - self._windows[key].begun_s < self._limits.window_s:
                return
            self._end(key)

    def _end(self, key: tuple[str, str]) -> None:
        window = self._windows.pop(key)
        if window.left_out:
            of_event, subject = key
            about = {"of": of_event, "subject": subject} if subject else {"of": of_event}
            self._say({**about, "lines": window.left_out, "window_s": self._limits.window_s})


def _subject(line: EventDict) -> str:
    for name in _SUBJECT_FIELDS:
        if name in line:
            return str(line[name])
    return ""
