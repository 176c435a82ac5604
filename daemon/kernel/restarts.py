"""Restarts: what a failing actor or root task is allowed, and the count of what it has used."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class RestartPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often something may be restarted, and how long to wait before each time.

    The n-th restart inside the window waits `backoff_min_s * 2 ** (n - 1)`, at most `backoff_max_s`, times the jitter.
    """

    restarts_max: int
    restart_window_s: float
    backoff_min_s: float
    backoff_max_s: float


class ActorPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the kernel holds an actor to. Make one for each kind of actor and share it."""

    restart: RestartPolicy
    mailbox_items_max: int


class RestartWindow:
    """The restarts inside the policy's window; exists only for what has failed."""

    __slots__ = ("_restarted_at_s",)

    def __init__(self) -> None:
        self._restarted_at_s: list[float] = []

    def next_delay_s(self, now_s: float, policy: RestartPolicy, jitter: Callable[[], float]) -> float | None:
        """Seconds to wait before the next restart, or None when the window holds `restarts_max` of them already."""
        window_began_s = now_s - policy.restart_window_s
        self._restarted_at_s = [at_s for at_s in self._restarted_at_s if at_s > window_began_s]
        restarts = len(self._restarted_at_s)
        if restarts >= policy.restarts_max:
            return None
        self._restarted_at_s.append(now_s)
        # The exponent is bounded because a float overflows at 2 ** 1024; the delay has met its maximum long before.
        return min(policy.backoff_max_s, policy.backoff_min_s * 2.0 ** min(restarts, 64)) * jitter()
