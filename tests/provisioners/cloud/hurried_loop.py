"""An event loop in whose eyes time runs faster, so that waiting for a slow provider's next look costs a test little.

Sockets, threads and child processes are real; only timers end sooner.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class HurriedSelector(selectors.DefaultSelector):
    """Waits a fraction of what it is asked for."""

    factor: float = 1

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As the selector of the platform."""
        return super().select(timeout / self.factor if timeout is not None and timeout > 0 else timeout)


class HurriedLoop(asyncio.SelectorEventLoop):
    """A second of it is `1 / factor` of a real one."""

    def __init__(self, factor: float) -> None:
        selector = HurriedSelector()
        selector.factor = factor
        self._factor = factor
        super().__init__(selector)

    def time(self) -> float:
        """Seconds of the loop."""
        return super().time() * self._factor


def run_hurried(main: Any, factor: float) -> Any:
    """`asyncio.run` on such a loop."""
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(factor)) as runner:
        return runner.run(main)
