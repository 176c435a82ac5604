"""Actors, messages and a recording kernel that the kernel's tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from daemon.kernel import Actor, ActorPolicy, EventKind, Kernel, RestartPolicy
from tests.simulation.virtual_loop import run

RESTART = RestartPolicy(restarts_max=2, restart_window_s=60, backoff_min_s=1, backoff_max_s=10)
POLICY = ActorPolicy(restart=RESTART, mailbox_items_max=4)
SEEDS = range(20)


class Note(msgspec.Struct, frozen=True):
    """Is written down by a `Recorder` and answered with all it has written."""

    text: str


class Work(msgspec.Struct, frozen=True):
    """Keeps an actor busy for so many seconds."""

    seconds: float


class Fail(msgspec.Struct, frozen=True):
    """Makes an actor raise `failure` after so many seconds."""

    failure: BaseException
    after_s: float = 0


class Recorder(Actor):
    """Writes down what it receives, so that a test can read it; `lives` counts how often it was built or rebuilt."""

    __slots__ = ("lives", "notes")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.notes: list[str] = []
        self.lives = 1

    async def receive(self, message: msgspec.Struct) -> tuple[str, ...]:
        """Writes, works or fails, as the message says."""
        match message:
            case Note(text):
                self.notes.append(text)
            case Work(seconds):
                self.notes.append("begun")
                await asyncio.sleep(seconds)
                self.notes.append("done")
            case Fail(failure, after_s):
                await asyncio.sleep(after_s)
                raise failure.with_traceback(None)
        return tuple(self.notes)

    async def restart(self) -> None:
        """Forgets what was only in memory."""
        self.notes = []
        self.lives += 1


class RecordedKernel(Kernel):
    """A kernel that keeps its events; its back-off has no jitter."""

    def __init__(self) -> None:
        self.events: list[tuple[EventKind, str, str]] = []
        super().__init__(on_event=lambda *event: self.events.append(event), jitter=lambda: 1.0)

    def kinds(self) -> list[tuple[EventKind, str]]:
        """The events without their details."""
        return [(kind, name) for kind, name, _ in self.events]


def for_each_seed(story: Callable[[RecordedKernel], Any]) -> None:
    """Plays the story, a coroutine function of a kernel, in virtual time with each of the seeds."""
    for seed in SEEDS:

        async def main() -> None:
            await story(RecordedKernel())

        run(main, seed)
