"""How fast an ask is beside a bare `asyncio.Queue`, and what 100,000 idle actors weigh. Run it as a program.

Both limits are ARCHITECTURE §4's and issue 2's: asks at least half as many as the bare queue's in the same run, and at
most 1.5 KiB for each idle actor with its state.
"""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc

import msgspec

from daemon.kernel import Actor, ActorPolicy, Kernel, RestartPolicy

POLICY = ActorPolicy(
    restart=RestartPolicy(restarts_max=5, restart_window_s=60, backoff_min_s=0.1, backoff_max_s=10),
    mailbox_items_max=1_000,
)
ASKS = 20_000
ROUNDS = 5


class Add(msgspec.Struct, frozen=True):
    """Asks for the sum so far."""

    amount: int


class Held(msgspec.Struct):
    """A state as small as a component's."""

    component: str
    level: int
    since: int


class Adder(Actor):
    """Sums what it is sent."""

    __slots__ = ("total",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.total = 0

    async def receive(self, message: msgspec.Struct) -> int:
        """Adds and answers."""
        assert isinstance(message, Add)
        self.total += message.amount
        return self.total


class Idle(Actor):
    """Holds a state and waits."""

    __slots__ = ("held",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.held = Held(name, 0, 0)

    async def receive(self, message: msgspec.Struct) -> None:
        """Takes anything."""


class AskFigures(msgspec.Struct, frozen=True):
    """Round trips in a second, the best of the rounds, of one asker after another and of 100 at once."""

    kernel_one: float
    queue_one: float
    kernel_hundred: float
    queue_hundred: float


class IdleFigures(msgspec.Struct, frozen=True):
    """The weight of an idle actor with its state, and how long all of them took to start."""

    bytes_each: float
    start_s: float


async def _kernel_asks(askers: int) -> float:
    kernel = Kernel(on_event=lambda _kind, _name, _detail: None, jitter=lambda: 1.0)
    refs = [kernel.spawn(Adder(f"adder-{number}"), POLICY) for number in range(askers)]
    message = Add(1)

    async def ask_often(index: int) -> None:
        for _ in range(ASKS // askers):
            await kernel.ask(refs[index], message, 30)

    began = time.perf_counter()
    await asyncio.gather(*(ask_often(index) for index in range(askers)))
    return ASKS / (time.perf_counter() - began)


async def _queue_asks(askers: int) -> float:
    loop = asyncio.get_running_loop()
    queues: list[asyncio.Queue[tuple[Add, asyncio.Future[int]]]] = [asyncio.Queue(1_000) for _ in range(askers)]
    message = Add(1)

    async def serve(queue: asyncio.Queue[tuple[Add, asyncio.Future[int]]]) -> None:
        total = 0
        while True:
            asked, reply = await queue.get()
            total += asked.amount
            reply.set_result(total)

    async def ask_often(index: int) -> None:
        for _ in range(ASKS // askers):
            reply: asyncio.Future[int] = loop.create_future()
            await queues[index].put((message, reply))
            await reply

    servers = [asyncio.create_task(serve(queue), name="bare queue") for queue in queues]
    began = time.perf_counter()
    await asyncio.gather(*(ask_often(index) for index in range(askers)))
    took_s = time.perf_counter() - began
    for server in servers:
        server.cancel()
    return ASKS / took_s


def ask_round_trips() -> AskFigures:
    """The rates of both, measured in turns so that a busy machine disturbs them alike."""
    best = dict.fromkeys(("kernel_one", "queue_one", "kernel_hundred", "queue_hundred"), 0.0)
    for _ in range(ROUNDS):
        for suffix, askers in (("one", 1), ("hundred", 100)):
            best[f"queue_{suffix}"] = max(best[f"queue_{suffix}"], asyncio.run(_queue_asks(askers)))
            best[f"kernel_{suffix}"] = max(best[f"kernel_{suffix}"], asyncio.run(_kernel_asks(askers)))
    return AskFigures(**best)


async def _spawn_idle(count: int) -> tuple[Kernel, float]:
    kernel = Kernel(on_event=lambda _kind, _name, _detail: None, jitter=lambda: 1.0)
    began = time.perf_counter()
    for number in range(count):
        kernel.spawn(Idle(f"component-{number:06}"), POLICY)
    return kernel, time.perf_counter() - began


def idle_actors(count: int = 100_000) -> IdleFigures:
    """Memory as `tracemalloc` sees it, with names, states and registry; the start is timed without tracing."""
    _, start_s = asyncio.run(_spawn_idle(count))
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kernel, _ = asyncio.run(_spawn_idle(count))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kernel.actors) == count
    return IdleFigures(bytes_each=(after - before) / count, start_s=start_s)


def main() -> None:
    """Prints each figure beside its limit."""
    asks = ask_round_trips()
    for label, kernel, queue in (
        ("one asker", asks.kernel_one, asks.queue_one),
        ("100 askers", asks.kernel_hundred, asks.queue_hundred),
    ):
        print(f"ask, {label:10}  {kernel:9,.0f}/s  bare queue {queue:9,.0f}/s  ratio {kernel / queue:.2f}  limit 0.50")  # noqa: T201
    idle = idle_actors()
    print(f"idle actor  {idle.bytes_each / 1024:.2f} KiB  limit 1.50 KiB; 100,000 started in {idle.start_s:.2f} s")  # noqa: T201


if __name__ == "__main__":
    main()
