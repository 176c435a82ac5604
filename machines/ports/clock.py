"""The port of time. `wall` is stored; `monotonic_s` measures waiting and never crosses a restart."""

from __future__ import annotations

from typing import Protocol

from config.instants import Instant


class Clock(Protocol):
    """Wall time and monotonic time."""

    def wall(self) -> Instant:
        """The present instant, as the machine believes it."""
        ...

    def monotonic_s(self) -> float:
        """Seconds from an unknown origin, never falling."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock."""
        ...
