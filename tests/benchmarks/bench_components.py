"""What 100,000 idle component actors weigh, and how long they take to start."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from typing import Any, cast

from adapters.clocks import SystemClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.plan import Component, Level, Plan
from daemon.actors.component import ComponentActor
from daemon.actors.component_times import ComponentTimes
from daemon.actors.looking import Surroundings
from daemon.actors.names import component_actor
from daemon.actuator import Actuator
from daemon.kernel import Kernel
from daemon.messages import Look
from daemon.recorder import Recorder
from daemon.resume import encode_state
from machines.lifecycle_states import ComponentState
from machines.ports.journal import JournalIdentity
from machines.state.components import ComponentRecord
from machines.state.whole import State
from tests.benchmarks.bench_kernel import POLICY
from tests.benchmarks.figures import Figure, at_most

EURO = 1_000_000
BYTES_EACH_MAX = 1_536


def wide_plan(count: int) -> Plan:
    """A plan of so many components on its one paid level."""
    names = [f"component_{number:06}" for number in range(count)]
    components = {name: Component(name, 10 * EURO, "simulated", warm_cost_micros=EURO, requires=()) for name in names}
    host = Component("machine", 5 * EURO, "", host=True)
    levels = (
        Level(0, "floor", "Floor", ("machine",), 10 * EURO),
        Level(1, "wide", "Wide", (*names, "machine"), 20 * count * EURO),
    )
    return Plan("wide", "Wide", "EUR", "UTC", {**components, "machine": host}, levels)


def hot_record(component_id: str) -> ComponentRecord:
    """A component that was raised once and stands HOT."""
    return ComponentRecord(
        component_id,
        state=ComponentState.HOT,
        since=1_704_067_200_000_000,
        committed_micros=10 * EURO,
        generation=1,
        token=f"wide-{component_id}-1",
    )


async def _surroundings(state: State) -> Surroundings:
    """What all component actors share; nothing is called while they are idle."""
    clock = SystemClock()
    journal = MemoryJournal(MemoryStore(JournalIdentity("benchmark", 1)), clock)
    kernel = Kernel(on_event=lambda _kind, _name, _detail: None, jitter=lambda: 1.0)
    recorder = Recorder(
        journal, state, clock, group_events_max=1_000, snapshot_every_events=10_000, encode_state=encode_state
    )
    actuator = Actuator(
        observers=cast("Any", {}),
        provisioners=cast("Any", {}),
        clock=clock,
        call_timeout_s=1,
        concurrent_calls_max=1,
        stopping=lambda: False,
    )
    return Surroundings(recorder, kernel, actuator, clock, 1, ComponentTimes())


def _spawn(around: Surroundings, count: int, *, timers: bool) -> None:
    kernel = around.kernel
    due_s = asyncio.get_running_loop().time() + 3_600
    for number in range(count):
        ref = kernel.spawn(ComponentActor(f"component_{number:06}", around), POLICY)
        if timers:
            kernel.timers.schedule(due_s, ref, Look())


async def _start_s(count: int) -> float:
    """Seconds to spawn all of them with their timers, where plan and records are there already."""
    state = State(plan=wide_plan(count))
    around = await _surroundings(state)
    gc.collect()
    began = time.perf_counter()
    _spawn(around, count, timers=True)
    took_s = time.perf_counter() - began
    around.kernel.timers.clear()
    return took_s


async def _bytes_each(count: int) -> dict[str, float]:
    """Bytes of one component by what is counted, as `tracemalloc` sees them."""
    state = State()
    around = await _surroundings(state)
    gc.collect()
    tracemalloc.start()
    marks = [tracemalloc.get_traced_memory()[0]]

    def mark() -> None:
        gc.collect()
        marks.append(tracemalloc.get_traced_memory()[0])

    state.plan = wide_plan(count)
    mark()
    for component_id in state.plan.components:
        state.components.records[component_id] = hot_record(component_id)
    mark()
    _spawn(around, count, timers=False)
    mark()
    due_s = asyncio.get_running_loop().time() + 3_600
    for ref in around.kernel.actors:
        around.kernel.timers.schedule(due_s, ref, Look())
    mark()
    tracemalloc.stop()
    assert len(around.kernel.actors) == count
    around.kernel.find(component_actor("component_000000"))
    around.kernel.timers.clear()
    names = ("plan", "record", "actor", "timer")
    return {name: (after - before) / count for name, before, after in zip(names, marks, marks[1:], strict=False)}


async def measure(count: int) -> list[Figure]:
    """The weight of one idle component, whole, and the start of all of them."""
    start_s = await _start_s(count)
    parts = await _bytes_each(count)
    counted = " + ".join(f"{name} {size:.0f}" for name, size in parts.items())
    whole = Figure(f"idle component actor ({counted} B)", sum(parts.values()), "B")
    return [
        at_most(whole, BYTES_EACH_MAX, "<= 1.5 KiB an actor"),
        Figure(f"start of {count:,} component actors", start_s, "s"),
    ]
