"""What the parts of one kernel share: its phase, its counters, whom it reports to, and how it ends."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from typing import Never


class Phase(enum.IntEnum):
    """How far the kernel has come: what it still takes falls with every step."""

    SERVING = 0
    STOPPING = 1
    CANCELLING = 2
    ENDED = 3


class EventKind(enum.StrEnum):
    """What `on_event` reports. The name is an actor's or a root task's."""

    RESTARTING = "restarting"
    PARKED = "parked"
    RESUMED = "resumed"
    TASK_FAILED = "task_failed"
    ABANDONED = "abandoned"


OnEvent = Callable[[EventKind, str, str], None]
"""Called at once with kind, name and detail (for people). An exception from it is `fatal`."""


class Counters:
    """Totals since the kernel began, except `parked`: how many actors and root tasks are parked now."""

    __slots__ = ("abandoned", "asks_late", "overflows", "parked", "refusals", "restarts")

    def __init__(self) -> None:
        self.restarts = 0
        self.parked = 0
        self.refusals = 0
        """Messages not taken or dropped, for whatever reason."""
        self.overflows = 0
        """Those of `refusals` that met a full mailbox."""
        self.asks_late = 0
        """Asks whose deadline passed."""
        self.abandoned = 0
        """Tasks that outlived their cancellation in a stop."""


class KernelState:
    """One for each kernel, made on the running loop.

    `fatal` is done, with the exception, when the daemon cannot go on. `jitter` returns the factor of a back-off.
    """

    __slots__ = ("_on_event", "counters", "fatal", "jitter", "loop", "phase")

    def __init__(self, on_event: OnEvent, jitter: Callable[[], float]) -> None:
        self.loop = asyncio.get_running_loop()
        self._on_event = on_event
        self.jitter = jitter
        self.phase = Phase.SERVING
        self.counters = Counters()
        self.fatal: asyncio.Future[Never] = self.loop.create_future()

    @property
    def is_stopping(self) -> bool:
        """True from the moment a stop begins."""
        return self.phase is not Phase.SERVING

    def report(self, kind: EventKind, name: str, detail: str) -> None:
        """Calls `on_event`; what cannot be reported must not go on unseen, so an exception from it is fatal."""
        if self.phase is Phase.ENDED:
            return  # The dead do not speak.
        try:
            self._on_event(kind, name, detail)
        except Exception as failure:  # noqa: BLE001 - it is passed on
            self.fail(failure)

    def fail(self, failure: BaseException) -> None:
        """Tells whoever awaits `fatal`; the first failure stands."""
        if not self.fatal.done():
            self.fatal.set_exception(failure)
            self.fatal.exception()  # Marked as seen: a kernel that nobody awaits must not complain when collected.

    def crash(self, crash: BaseException) -> None:
        """Ends the kernel at once, as the death of the process would: nothing more is taken, begun or cleaned up."""
        self.phase = Phase.ENDED
        self.fail(crash)


def failure_text(failure: BaseException) -> str:
    """One line for people: the exception's type and text, and the innermost place it came from."""
    innermost = failure.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    place = f" (in {innermost.tb_frame.f_code.co_qualname}, line {innermost.tb_lineno})" if innermost else ""
    return f"{type(failure).__name__}: {failure}{place}"
