"""What makes a source `failing` that posts: it has no reads that could fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from daemon.recorder import Recorder
from machines.breaker import Breaker
from machines.granting import breaker_event
from machines.ports.journal import JournalRefusedError
from machines.state.sources import stream_of


def failures_noted_by(recorder: Recorder) -> Callable[[str, str], Awaitable[None]]:
    """Takes a source and why it fails; hearing it again ends it."""

    async def note(source: str, reason: str) -> None:
        # One failure alone: the breaker of a source that nobody asks never opens.
        failed = Breaker(failures_at=(recorder.clock.wall(),))
        with suppress(JournalRefusedError):  # the log has said it
            await recorder.record(stream_of(source), (breaker_event(stream_of(source), failed, reason),))

    return note
