"""Telling an actor what came from outside, until it has taken it: what it cannot take now waits where it is."""

from __future__ import annotations

import msgspec

from daemon.actors.recording import NotRecorded
from daemon.kernel import ActorFailed, ActorRefused, AskTimeout, Kernel, Root, pause_beating


class TellingTimes(msgspec.Struct, frozen=True):
    """How long is waited, in seconds of the loop."""

    ask_timeout_s: float
    disk_retry_s: float
    """Until a full journal is asked again."""
    retry_initial_s: float = 0.5
    """Until an actor that failed, is parked or is late is asked again; twice as long each time."""
    retry_max_s: float = 10


async def taken(root: Root, kernel: Kernel, actor: str, message: msgspec.Struct, times: TellingTimes) -> object | None:
    """What the actor answered in the end; nothing more is read meanwhile, so that it is never the memory that grows.

    An actor that fails is its supervisor's, which restarts, parks and reports it: who brings work only waits (I11).
    A message may so come twice: who takes it knows what it has taken.
    """
    failures = 0
    while True:
        root.beat()
        try:
            reply = await kernel.ask(actor, message, times.ask_timeout_s)
        except (ActorRefused, ActorFailed, AskTimeout):
            wait_s = min(times.retry_max_s, times.retry_initial_s * 2.0 ** min(failures, 16))
            failures += 1
        else:
            if not isinstance(reply, NotRecorded):
                return reply
            wait_s = times.disk_retry_s
        await pause_beating(root, wait_s)
