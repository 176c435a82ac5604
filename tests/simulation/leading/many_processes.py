"""Several processes on one virtual loop: each can be held still, or killed, at any await of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from typing import Any, Final

from tests.simulation.virtual_loop import Result, VirtualLoop

UNWINDS_MAX: Final = 20
_PROCESS: Final[ContextVar[SimulatedProcess | None]] = ContextVar("process", default=None)


class SimulatedProcess:
    """Everything that was started by one process, and by what that started: the loop knows it by its context."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.dead = False
        self.held: deque[asyncio.Handle] | None = None
        """What would have run while it is held still; None while it runs."""

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin its first task."""
        context = copy_context()
        context.run(_PROCESS.set, self)
        return asyncio.get_running_loop().create_task(work, name=self.name, context=context)

    def kill(self) -> None:
        """`kill -9`: nothing of it runs any more, wherever it was."""
        self.dead = True
        self.held = None

    def hold_still(self) -> None:
        """SIGSTOP, a swapped-out machine, a virtual one that is moved."""
        if self.held is None and not self.dead:
            self.held = deque()

    def go_on(self) -> None:
        """Everything that became due meanwhile happens now."""
        held, self.held = self.held, None
        loop = asyncio.get_running_loop()
        assert isinstance(loop, ManyLoop)
        loop.take_back(held or ())


def outside() -> Any:
    """A context that belongs to no process: what was sent from one goes on when that is still or dead."""
    context = copy_context()
    context.run(_PROCESS.set, None)
    return context


class ManyLoop(VirtualLoop):
    """A virtual loop on which whatever belongs to a process that is held still waits, and to a dead one is dropped."""

    def __init__(self, seed: int, *, rounds_max: int) -> None:
        super().__init__(seed, rounds_max=rounds_max)
        self._begun: list[asyncio.Task[Any]] = []
        """Every task: one that was collected while its process is dead would unwind, and so act."""

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task of this loop, which is kept to the end."""
        task = super().create_task(coro, **options)
        self._begun.append(task)
        return task

    def abandon(self) -> None:
        """Closes the loop and everything that was left, however often it waits while it unwinds."""
        super().abandon()
        for task in self._begun:
            for _ in range(UNWINDS_MAX):
                try:
                    task.get_coro().close()  # type: ignore[union-attr]  # each was made of a coroutine
                    break
                except BaseException:  # noqa: BLE001 - it waits again while it unwinds
                    continue
        self._begun.clear()

    def take_back(self, handles: Any) -> None:
        """What was held back is ready."""
        self._ready.extend(handles)

    def _advance(self) -> None:
        while True:
            super()._advance()
            self._hold_back()
            if self._ready or self._stopping:
                return

    def _hold_back(self) -> None:
        if not any(_is_stopped(handle) for handle in self._ready):
            return
        ready = list(self._ready)
        self._ready.clear()
        for handle in ready:
            process = _process_of(handle)
            if process is None or (not process.dead and process.held is None):
                self._ready.append(handle)
            elif process.held is not None:
                process.held.append(handle)


def run_many(main: Callable[[], Coroutine[Any, Any, Result]], seed: int, *, rounds_max: int) -> Result:
    """Runs `main()` to its end; see `virtual_loop.run`."""
    loop = ManyLoop(seed, rounds_max=rounds_max)
    try:
        return loop.run_until_complete(main())
    finally:
        loop.set_exception_handler(lambda loop, context: None)
        loop.abandon()


def _process_of(handle: asyncio.Handle) -> SimulatedProcess | None:
    return handle._context.get(_PROCESS)  # type: ignore[attr-defined]  # private to asyncio


def _is_stopped(handle: asyncio.Handle) -> bool:
    process = _process_of(handle)
    return process is not None and (process.dead or process.held is not None)
