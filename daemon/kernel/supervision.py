"""Supervision in the manner of OTP: restart with back-off, at most so often in a window, then park.

The message that made an actor fail is dropped and its asker told; messages behind it wait for the restart.
A parked actor refuses every message with the reason until an operator resumes it. No other actor is touched (I11).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from daemon.kernel.actor import ActorRef, ActorState
from daemon.kernel.errors import ActorParked, ActorRefused
from daemon.kernel.restarts import RestartWindow
from daemon.kernel.state import EventKind, KernelState


class Supervision:
    """Restarts, parks and resumes the actors of one kernel."""

    __slots__ = ("_state", "_wake")

    def __init__(self, state: KernelState, wake: Callable[[ActorRef], None]) -> None:
        """`wake` lets an actor be rebuilt and go on with its mail; it does nothing once a stop has begun."""
        self._state = state
        self._wake = wake

    def failed(self, ref: ActorRef, detail: str) -> None:
        """Restarts the actor after a back-off, or parks it when its window is full; a parked one stays parked."""
        if ref.state is ActorState.PARKED:
            return
        ref.window = ref.window or RestartWindow()
        policy = ref.policy.restart
        delay_s = ref.window.next_delay_s(self._state.loop.time(), policy, self._state.jitter)
        if delay_s is None:
            self.park(ref, f"{policy.restarts_max} restarts in {policy.restart_window_s} s did not help; {detail}")
            return
        self._state.counters.restarts += 1
        self._begin_life(ref)
        self._state.loop.call_later(delay_s, self._restart_due, ref, ref.life)
        self._state.report(EventKind.RESTARTING, ref.name, f"in {delay_s:.3f} s; {detail}")

    def park(self, ref: ActorRef, reason: str) -> None:
        """Takes no more mail and refuses what waits; a message that is being handled is finished."""
        ref.state = ActorState.PARKED
        ref.life += 1
        ref.reason = reason
        self._state.counters.parked += 1
        self.refuse_mail(ref, partial(ActorParked, ref.name, reason))
        self._state.report(EventKind.PARKED, ref.name, reason)

    def resume(self, ref: ActorRef) -> None:
        """Rebuilds a parked actor and lets it work again with an empty window."""
        self._state.counters.parked -= 1
        ref.reason = ""
        ref.window = None
        self._begin_life(ref)
        self._state.report(EventKind.RESUMED, ref.name, "an operator resumed it")
        self._wake(ref)

    def refuse_mail(self, ref: ActorRef, refusal: Callable[[], ActorRefused]) -> None:
        """Drops what waits in the mailbox and tells the askers."""
        if ref.mailbox is not None:
            self._state.counters.refusals += ref.mailbox.refuse_all(refusal)
            ref.mailbox = None
        self.end_turns(ref)

    def end_turns(self, ref: ActorRef) -> None:
        """Who waits for room in the mailbox waits no longer, and is told why when it sends."""
        if ref.turns is not None:
            ref.turns.end()

    def _begin_life(self, ref: ActorRef) -> None:
        ref.state = ActorState.RESTARTING
        ref.life += 1

    def _restart_due(self, ref: ActorRef, life: int) -> None:
        if ref.life == life:
            self._wake(ref)
