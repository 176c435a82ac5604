"""Tasks: the one place where a task is created, always with a name, an owner and a strong reference."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from daemon.kernel.errors import KernelStopping
from daemon.kernel.state import EventKind, KernelState, Phase, failure_text

Work = Coroutine[Any, Any, None]


class Tasks:
    """Every task of one kernel, in the order they were started.

    A task that raises is reported under its owner's name; one that raises what is no `Exception` (an interrupt, a
    simulated crash) ends the kernel. Cancelled tasks end silently.
    """

    __slots__ = ("_owners", "_state")

    def __init__(self, state: KernelState) -> None:
        self._state = state
        self._owners: dict[asyncio.Task[None], str] = {}

    def start(self, work: Work, *, name: str, owner: str) -> asyncio.Task[None]:
        """Runs `work` as a task that is referenced here until it is done.

        Raises `KernelStopping` once a stop has come to cancelling: a task begun then would outlive it unseen.
        """
        if self._state.phase >= Phase.CANCELLING:
            work.close()
            raise KernelStopping(owner)
        task = self._state.loop.create_task(work, name=name)
        self._owners[task] = owner
        task.add_done_callback(self._ended)
        return task

    def running(self) -> list[asyncio.Task[None]]:
        """The tasks that are not done, oldest first."""
        return [task for task in self._owners if not task.done()]

    def owner_of(self, task: asyncio.Task[Any] | None) -> str | None:
        """The owner of a task of this kernel, None for a stranger."""
        return self._owners.get(task) if task is not None else None

    def _ended(self, task: asyncio.Task[None]) -> None:
        owner = self._owners.pop(task)
        if task.cancelled():
            return
        failure = task.exception()
        if isinstance(failure, Exception):
            self._state.report(EventKind.TASK_FAILED, owner, f"{task.get_name()}: {failure_text(failure)}")
        elif failure is not None:
            self._state.crash(failure)
