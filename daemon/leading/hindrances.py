"""What kept a standby from leading, and how long it leaves the lead to others: longer after each time in a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import structlog

AGAIN_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""After the first time, the second, ..., and after each further one."""
FORGIVEN_AFTER_S: Final = 60.0
"""What comes so long after the one before is counted as the first."""


class Hindrance(msgspec.Struct, frozen=True):
    """What kept this daemon from taking over the last time, or from leading on."""

    reason: str
    """A sentence."""
    until_s: float
    """When it asks for the lead again, by its own clock: until then another may have it."""


class Hindrances:
    """Those since this daemon led the last time."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.last: Hindrance | None = None
        self._now_s = now_s
        self._count = 0

    def note(self, reason: str, fencing: int, *, served: bool = False) -> None:
        """One more: the lead under this token was of no use, or not any more where it `served`."""
        now_s = self._now_s()
        if self.last is not None and now_s > self.last.until_s + FORGIVEN_AFTER_S:
            self._count = 0
        again_in_s = AGAIN_S[min(self._count, len(AGAIN_S) - 1)]
        self._count += 1
        log = structlog.get_logger("lease").bind(fencing=fencing, reason=reason, again_in_s=again_in_s)
        if served:
            log.error("lead_failed")
            self.last = Hindrance(f"the last lead ended: {reason}", now_s + again_in_s)
        else:
            log.error("takeover_failed")
            self.last = Hindrance(f"the lead could not be taken over the last time: {reason}", now_s + again_in_s)
