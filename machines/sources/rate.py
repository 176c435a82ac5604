"""A bound on how often something may happen: a bucket that fills steadily and holds a minute's worth."""

from __future__ import annotations

MINUTE_S = 60.0


class MinuteRate:
    """So many a minute. Time is handed in, in seconds that never go back."""

    __slots__ = ("_at_s", "_left", "_per_minute")

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._left: float = per_minute
        self._at_s: float | None = None

    def take(self, now_s: float) -> float:
        """Take one; 0 where there was one, else the seconds until there is one again."""
        if self._at_s is not None:
            self._left = min(self._per_minute, self._left + (now_s - self._at_s) * self._per_minute / MINUTE_S)
        self._at_s = now_s
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return (1 - self._left) * MINUTE_S / self._per_minute
