"""The word to systemd: ready once recovery is done, and well for as long as every root task is heard.

There is no free timer: the watchdog is fed only when every running root has beaten since it was last fed, and a long
start is extended by the same rule. A root that waits for its restart or is parked is supervised and said elsewhere;
killing the daemon for it would take the others with it (docs/decisions/0013-heartbeats.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from daemon.kernel import Root, pause
from daemon.kernel.actor import ActorState
from daemon.notify import READY, WATCHDOG, extend_timeout, notify, status

LOOK_EVERY_S: Final = 5.0
"""How often the roots are looked at where systemd asks for no more."""
READY_LOOK_EVERY_S: Final = 0.5
"""Before READY: whoever typed `systemctl start` waits."""
EXTEND_S: Final = 180.0
"""What a start asks for each time it is heard; as patient as the watchdog after it."""

Tell = Callable[..., object]


class Systemd:
    """Tells systemd ready, well and in one line how the daemon stands."""

    def __init__(
        self,
        *,
        roots: Iterable[Root],
        open_steps: Callable[[], Sequence[str]],
        status_line: Callable[[], str],
        watchdog_s: float | None = None,
        tell: Tell = notify,
    ) -> None:
        """`open_steps` are those of an earlier life that are not settled; `watchdog_s` is half of WatchdogSec."""
        self._roots = roots
        self._open_steps = open_steps
        self._status_line = status_line
        self._look_every_s = min(LOOK_EVERY_S, (watchdog_s or LOOK_EVERY_S) / 2)
        self._tell = tell
        self._said_status = ""
        self._heard_s = 0.0
        self._ready = False

    async def run(self, root: Root) -> None:
        """Look at the roots until the daemon stops."""
        self._heard_s = asyncio.get_running_loop().time()
        while True:
            await pause(self._look_every_s if self._ready else READY_LOOK_EVERY_S)
            root.beat()
            self._say(self._news())

    def silent(self) -> list[str]:
        """The running roots that have not beaten since systemd was last told that all is well."""
        return [
            each.name for each in self._roots if each.state is ActorState.RUNNING and each.last_beat_s <= self._heard_s
        ]

    def _news(self) -> list[str]:
        lines: list[str] = []
        if not self._ready and not self._open_steps():
            self._ready = True
            lines.append(READY)
        if not self.silent():
            self._heard_s = asyncio.get_running_loop().time()
            lines.append(WATCHDOG if self._ready else extend_timeout(EXTEND_S))
        return lines

    def _say(self, lines: list[str]) -> None:
        waiting = [] if self._ready else self._open_steps()
        line = f"resolving {len(waiting)} open steps; {self._status_line()}" if waiting else self._status_line()
        if line != self._said_status:
            self._said_status = line
            lines.append(status(line))
        if lines:
            self._tell(*lines)
