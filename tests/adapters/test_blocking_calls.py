"""Synchronous calls in threads: bounded in number and time, and never taken for answered when they are not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from adapters.blocking_calls import BlockingCalls
from adapters.clocks import AcceleratedClock
from config.instants import SECOND
from machines.ports.faults import Ambiguous, Permanent, Transient

LIMIT_S = 30.0
HANGS_S = 20
"""A gate that nobody opens lets go by itself, so that a failing test ends."""


class Gate:
    """A provider's call that answers when the test says so."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.ended = threading.Event()

    def pass_through(self) -> str:
        """Wait for the gate."""
        self.entered.set()
        try:
            if not self.open.wait(HANGS_S):
                raise AssertionError("nobody opened the gate")
            return "answer"
        finally:
            self.ended.set()


class Provider:
    """Two threads, a clock that the test moves, and the gates that its calls stand at."""

    def __init__(self) -> None:
        self.clock = AcceleratedClock(0, 1.0)
        self.calls = BlockingCalls("cloud", self.clock, threads_max=2, call_limit_s=LIMIT_S, place_wait_s=10.0)
        self.gates: list[Gate] = []

    async def begin(self, *, limit_s: float | None = None) -> tuple[Gate, asyncio.Task[str]]:
        """A call that has reached its gate."""
        gate = Gate()
        self.gates.append(gate)
        task = asyncio.ensure_future(self.calls.call("RunInstances", gate.pass_through, limit_s=limit_s))
        await turns_until(gate.entered.is_set)
        await turns()  # until its time limit runs
        return gate, task

    def pass_time(self, seconds: float) -> None:
        """Everyone who sleeps for less wakes."""
        self.clock.advance_to(self.clock.wall() + round(seconds * SECOND))

    async def late_calls(self, number: int) -> list[Gate]:
        """So many calls that are past their limit and still hang."""
        begun = [await self.begin() for _ in range(number)]
        self.pass_time(LIMIT_S + 1)
        for _, task in begun:
            with pytest.raises(Ambiguous):
                await task
        return [gate for gate, _ in begun]

    async def free(self, gate: Gate) -> None:
        """The provider answers at last, and the thread gives its place back."""
        late = self.calls.late
        gate.open.set()
        await turns_until(lambda: self.calls.late < late)


async def turns() -> None:
    """Let everybody go on as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def turns_until(reached: Callable[[], bool]) -> None:
    """Let loop and threads run until it is so."""
    async with asyncio.timeout(HANGS_S):
        while not reached():  # noqa: ASYNC110 - a thread reaches it: there is no event of the loop to wait for
            await asyncio.sleep(0)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Every gate is open at the end, so that no thread is left behind."""
    made = Provider()
    yield made
    for gate in made.gates:
        gate.open.set()
    made.calls.close()
    assert all(gate.ended.wait(HANGS_S) for gate in made.gates if gate.entered.is_set())


async def test_an_answer_is_handed_back(provider: Provider) -> None:
    """The function's result, computed in a thread named after the adapter."""
    name = await provider.calls.call("DescribeInstances", lambda: threading.current_thread().name)

    assert name.startswith("cloud")
    assert provider.calls.late == 0


@pytest.mark.parametrize("error", [Permanent("refused for good"), KeyError("no such field")])
async def test_what_the_function_raises_is_raised(provider: Provider, error: Exception) -> None:
    """Neither wrapped nor grouped, and its place is free again."""

    def refuse() -> None:
        raise error

    for _ in range(3):
        with pytest.raises(type(error)) as raised:
            await provider.calls.call("RunInstances", refuse)
        assert raised.value is error


async def test_no_more_calls_run_than_there_are_threads(provider: Provider) -> None:
    """The third of two waits, and begins when one of them ends."""
    (first, one), (second, two) = await provider.begin(), await provider.begin()
    third = Gate()
    provider.gates.append(third)
    waiting = asyncio.ensure_future(provider.calls.call("RunInstances", third.pass_through))
    await turns()

    assert not third.entered.is_set()

    first.open.set()
    await turns_until(third.entered.is_set)
    second.open.set()
    third.open.set()
    assert ["answer"] * 3 == [await one, await two, await waiting]


async def test_without_an_answer_at_the_limit_the_outcome_is_unknown(provider: Provider) -> None:
    """Not before the limit, and with what was called, of whom and for how long in its words."""
    _, task = await provider.begin()
    provider.pass_time(LIMIT_S - 5)
    await turns()
    assert not task.done()

    provider.pass_time(6)

    with pytest.raises(Ambiguous, match="cloud did not answer RunInstances within 30 s"):
        await task


async def test_a_call_may_have_a_tighter_limit_and_no_looser_one(provider: Provider) -> None:
    """The adapter's limit bounds all."""
    _, tight = await provider.begin(limit_s=5)
    _, loose = await provider.begin(limit_s=500)
    provider.pass_time(6)
    with pytest.raises(Ambiguous, match="within 5 s"):
        await tight
    assert not loose.done()
    provider.pass_time(LIMIT_S)

    with pytest.raises(Ambiguous, match="within 30 s"):
        await loose


async def test_a_late_call_keeps_its_place_until_it_ends(provider: Provider) -> None:
    """With one of two late, one call at a time runs; its late answer gives the place back and is heard by nobody."""
    (late,) = await provider.late_calls(1)
    running, task = await provider.begin()
    assert provider.calls.late == 1

    refused = asyncio.ensure_future(provider.calls.call("RunInstances", lambda: "begun"))
    await turns()
    assert not refused.done()

    await provider.free(late)
    assert await refused == "begun"
    assert provider.calls.late == 0
    running.open.set()
    assert await task == "answer"


async def test_with_every_place_late_nothing_is_begun(provider: Provider) -> None:
    """That is refused for now and says that nothing was called; afterwards calls run again."""
    late, _ = await provider.late_calls(2)
    begun: list[str] = []
    refused = asyncio.ensure_future(provider.calls.call("RunInstances", lambda: begun.append("begun")))
    await turns()
    provider.pass_time(11)

    with pytest.raises(
        Transient, match=r"all 2 calls at once are under way \(2 of them late\).*was not begun"
    ) as raised:
        await refused
    assert raised.value.retry_after_s == 10
    assert begun == []

    await provider.free(late)
    assert await provider.calls.call("RunInstances", lambda: "again") == "again"
    assert begun == []


async def test_who_gave_up_waiting_for_a_place_takes_none(provider: Provider) -> None:
    """A cancelled wait leaves both places to others."""
    gates = await provider.late_calls(2)
    waiting = asyncio.ensure_future(provider.calls.call("RunInstances", lambda: "never"))
    await turns()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    for gate in gates:
        await provider.free(gate)

    (first, one), (second, two) = await provider.begin(), await provider.begin()
    first.open.set()
    second.open.set()
    assert ["answer", "answer"] == [await one, await two]


async def test_a_cancelled_call_leaves_its_thread_to_end(provider: Provider) -> None:
    """The caller goes at once; the thread is late until it ends."""
    gate, task = await provider.begin()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    assert provider.calls.late == 1
    assert not gate.ended.is_set()
    await provider.free(gate)
    assert provider.calls.late == 0


async def test_a_late_exception_is_heard_by_nobody(provider: Provider) -> None:
    """What fails after the limit warns nobody and gives its place back."""
    entered, fails = threading.Event(), threading.Event()

    def fail_late() -> None:
        entered.set()
        fails.wait(HANGS_S)
        raise KeyError("too late")

    task = asyncio.ensure_future(provider.calls.call("RunInstances", fail_late))
    await turns_until(entered.is_set)
    await turns()
    provider.pass_time(LIMIT_S + 1)
    with pytest.raises(Ambiguous):
        await task
    fails.set()
    await turns_until(lambda: provider.calls.late == 0)

    assert await provider.calls.call("RunInstances", lambda: "again") == "again"
