"""Root tasks: the long-lived services of the daemon, such as the reader of a stream. One that ends is an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from daemon.kernel.actor import ActorState
from daemon.kernel.errors import RootEnded, RootFailed
from daemon.kernel.restarts import RestartPolicy, RestartWindow
from daemon.kernel.state import EventKind, KernelState, failure_text
from daemon.kernel.tasks import Tasks


class Root:
    """One root task, handed to the coroutine that runs it.

    `last_beat_s` is the loop's time of the last `beat`. `stopping` is set when a `finishes` root is asked to end.
    """

    __slots__ = (
        "_loop", "essential", "finishes", "last_beat_s", "name", "owner", "policy", "reason", "run", "state",
        "stopping", "task", "window",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        run: Callable[[Root], Coroutine[Any, Any, None]],
        *,
        owner: str,
        policy: RestartPolicy,
        essential: bool,
        finishes: bool,
    ) -> None:
        self._loop = loop
        self.name = name
        self.run = run
        self.owner = owner
        self.policy = policy
        self.essential = essential
        self.finishes = finishes
        self.state = ActorState.RUNNING
        self.reason = ""
        self.stopping = asyncio.Event()
        self.window = RestartWindow()
        self.task: asyncio.Task[None] | None = None
        self.last_beat_s = loop.time()

    def beat(self) -> None:
        """Says that the root is alive; call it at least once in each round of the root's loop."""
        self.last_beat_s = self._loop.time()


class Roots:
    """Starts root tasks and keeps them running under the same windowed policy as actors."""

    __slots__ = ("_roots", "_state", "_tasks")

    def __init__(self, state: KernelState, tasks: Tasks) -> None:
        self._state = state
        self._tasks = tasks
        self._roots: dict[str, Root] = {}

    def __iter__(self) -> Iterator[Root]:
        return iter(self._roots.values())

    def start(
        self,
        name: str,
        run: Callable[[Root], Coroutine[Any, Any, None]],
        *,
        owner: str,
        policy: RestartPolicy,
        essential: bool,
        finishes: bool = False,
    ) -> Root:
        """Runs `run(root)` until a stop. Raises `ValueError` for a name that is taken or after a stop has begun.

        A stop cancels a root at once, as it brings new work in; one that `finishes` outlives the actors, is then told
        by `root.stopping`, when no actor takes mail any more, and has until the deadline to return.
        """
        if self._state.is_stopping:
            raise ValueError(f"root task {name!r} cannot start: the kernel is stopping")
        if name in self._roots:
            raise ValueError(f"a root task named {name!r} exists already; names are unique in a kernel")
        root = Root(self._state.loop, name, run, owner=owner, policy=policy, essential=essential, finishes=finishes)
        self._roots[name] = root
        self._begin(root)
        return root

    def resume(self, name: str) -> bool:
        """Starts a parked root with an empty window; False when none of that name is parked or a stop has begun."""
        root = self._roots.get(name)
        if root is None or root.state is not ActorState.PARKED or self._state.is_stopping:
            return False
        self._state.counters.parked -= 1
        root.reason = ""
        root.window = RestartWindow()
        self._begin(root)
        self._state.report(EventKind.RESUMED, name, "an operator resumed it")
        return True

    def silent(self, limit_s: float) -> list[Root]:
        """The running roots whose last beat is older than `limit_s`; a watchdog that finds one stops reporting."""
        oldest_s = self._state.loop.time() - limit_s
        return [root for root in self if root.state is ActorState.RUNNING and root.last_beat_s < oldest_s]

    def stop_sources(self) -> None:
        """Begins a stop: what does not finish is cancelled at once, and so is what waits for a restart."""
        for root in self:
            if root.task is not None and (not root.finishes or root.state is not ActorState.RUNNING):
                root.task.cancel("the kernel is stopping")

    def finishing_tasks(self) -> frozenset[asyncio.Task[None]]:
        """The tasks that outlive the actors in a stop."""
        return frozenset(root.task for root in self if root.finishes and root.task is not None)

    def stop_finishing(self) -> None:
        """Tells the roots that outlive the actors to come to their end."""
        for root in self:
            root.stopping.set()

    def _begin(self, root: Root) -> None:
        root.state = ActorState.RUNNING
        root.beat()
        root.task = self._tasks.start(self._keep(root), name=root.name, owner=root.owner)

    async def _keep(self, root: Root) -> None:
        """Runs the root again after each failure until its window is full."""
        while (delay_s := await self._run_once(root)) is not None:
            await asyncio.sleep(delay_s)
            root.state = ActorState.RUNNING
            root.beat()

    async def _run_once(self, root: Root) -> float | None:
        """Seconds to wait before the next run, None when there is none."""
        try:
            await root.run(root)
            failure: BaseException = RootEnded(root.name)
        except asyncio.CancelledError as cancelled:
            if root.task is None or root.task.cancelling():
                raise
            failure = cancelled  # Nobody cancelled this task: something that the root awaited was.
        except Exception as error:  # noqa: BLE001 - whatever a root raises is supervised
            failure = error
        if self._state.is_stopping:
            if not isinstance(failure, RootEnded):
                self._state.report(EventKind.TASK_FAILED, root.name, f"{failure_text(failure)}; the kernel is stopping")
            return None
        return self._failed(root, failure_text(failure))

    def _failed(self, root: Root, detail: str) -> float | None:
        delay_s = root.window.next_delay_s(self._state.loop.time(), root.policy, self._state.jitter)
        if delay_s is not None:
            self._state.counters.restarts += 1
            root.state = ActorState.RESTARTING
            self._state.report(EventKind.RESTARTING, root.name, f"in {delay_s:.3f} s; {detail}")
            return delay_s
        policy = root.policy
        root.state = ActorState.PARKED
        root.reason = f"{policy.restarts_max} restarts in {policy.restart_window_s} s did not help; {detail}"
        self._state.counters.parked += 1
        self._state.report(EventKind.PARKED, root.name, root.reason)
        if root.essential:
            self._state.fail(RootFailed(root.name, root.reason))
        return None
