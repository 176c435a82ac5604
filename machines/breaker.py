"""A circuit breaker: closed, open, half-open with one probe; windowed failures and a growing cool-down.

It gates calls that raise cost. Its whole memory is a value in the journal, so that a crash loop does not become a
hammer (ARCHITECTURE 10).
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec
from transitions import Machine

from config.instants import SECOND, Instant
from machines.events import BreakerStatus

_CLOSED, _OPEN, _HALF_OPEN = BreakerStatus.CLOSED, BreakerStatus.OPEN, BreakerStatus.HALF_OPEN

_MACHINE: Final = Machine(
    model=None,
    states=BreakerStatus,
    initial=_CLOSED,
    auto_transitions=False,
    send_event=True,
    transitions=[
        {"trigger": "trip", "source": _CLOSED, "dest": _OPEN},
        {"trigger": "probe", "source": [_OPEN, _HALF_OPEN], "dest": _HALF_OPEN},
        {"trigger": "trip", "source": _HALF_OPEN, "dest": _OPEN},
        {"trigger": "trip", "source": _OPEN, "dest": _OPEN},
        {"trigger": "reset", "source": [_CLOSED, _OPEN, _HALF_OPEN], "dest": _CLOSED},
    ],
)


class BreakerLimits(msgspec.Struct, frozen=True):
    """When a breaker trips and for how long it stays open."""

    failures_max: int = 5
    window_s: int = 300
    cooldown_initial_s: int = 30
    cooldown_max_s: int = 3600
    cooldown_growth: int = 2


class Breaker(msgspec.Struct, frozen=True):
    """A breaker's memory."""

    status: BreakerStatus = _CLOSED
    failures_at: tuple[Instant, ...] = ()
    """The failures inside the window, oldest first."""
    opened_at: Instant | None = None
    cooldown_s: int = 0
    probe: str = ""
    """While half-open: the component whose call is the one probe."""


class Admission(enum.Enum):
    """Whether a raising call may go through."""

    FREE = "free"
    PROBE = "probe"
    REFUSE = "refuse"


class _Model:
    __slots__ = ("state",)

    def __init__(self, state: BreakerStatus) -> None:
        self.state = state


def _moved(status: BreakerStatus, trigger: str) -> BreakerStatus:
    model = _Model(status)
    _MACHINE.events[trigger].trigger(model)
    return model.state


def admission(breaker: Breaker, now: Instant) -> Admission:
    """Whether a raising call may go through now. `PROBE` obliges the caller to record `probing` before the call."""
    if breaker.status is _CLOSED:
        return Admission.FREE
    if breaker.status is _OPEN and wait_micros(breaker, now) <= 0:
        return Admission.PROBE
    return Admission.REFUSE


def reopens_at(breaker: Breaker) -> Instant:
    """From when on an open breaker lets a probe through, by a clock that was not set since it opened."""
    return (breaker.opened_at or 0) + breaker.cooldown_s * SECOND


def wait_micros(breaker: Breaker, now: Instant) -> int:
    """How long until an open breaker lets a probe through, asked again after that: its cool-down at most.

    Where the clock was set back since it opened, that lies in the future, and says little of how long ago it was. By
    more than the cool-down, it says nothing: the probe goes now, and a failure opens the breaker by the clock as it is.
    """
    cooldown, left = breaker.cooldown_s * SECOND, reopens_at(breaker) - now
    return 0 if left > 2 * cooldown else max(0, min(left, cooldown))


def probing(breaker: Breaker, component: str) -> Breaker:
    """The memory while the component's call is the one probe; also where it takes over from one that was given up."""
    return msgspec.structs.replace(breaker, status=_moved(breaker.status, "probe"), probe=component)


def failed(breaker: Breaker, now: Instant, limits: BreakerLimits) -> Breaker:
    """The memory after a transient or ambiguous answer."""
    window_start = now - limits.window_s * SECOND
    failures = (*(at for at in breaker.failures_at if at > window_start), now)[-limits.failures_max :]
    if breaker.status is _CLOSED and len(failures) < limits.failures_max:
        return msgspec.structs.replace(breaker, failures_at=failures)
    if breaker.status is _OPEN:
        return msgspec.structs.replace(breaker, failures_at=failures)
    grown = breaker.cooldown_s * limits.cooldown_growth
    cooldown_s = min(max(limits.cooldown_initial_s, grown), limits.cooldown_max_s)
    return Breaker(_moved(breaker.status, "trip"), failures, now, cooldown_s)


def succeeded(breaker: Breaker) -> Breaker:
    """The memory after a done answer: a probe closes the breaker; while closed, failures stay in their window."""
    if breaker.status is _HALF_OPEN:
        return reset(breaker)
    return breaker


def reset(breaker: Breaker) -> Breaker:
    """The memory after a successful probe or an operator's `reset-breaker`."""
    return Breaker(_moved(breaker.status, "reset"))
