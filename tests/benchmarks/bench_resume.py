"""Resume: 100,000 components from a snapshot and 10,000 events after it, from a real journal file.

Timed is what a daemon does before its first actor lives: opening the file (which proves its tail), reading and
decoding the snapshot, reading, checking and folding the events.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from adapters.clocks import SystemClock
from adapters.sqlite_journal import SqliteJournal
from config.instants import SECOND
from daemon.resume import encode_state, plan_fingerprint, resume
from machines.events import (
    CountedPayment,
    Event,
    Mode,
    PaymentsRecorded,
    PlanAdopted,
    Started,
    StepEnded,
    StepIntended,
    StepOutcome,
)
from machines.lifecycle_states import ComponentState, Step
from machines.ports.journal import Proposal, Snapshot
from machines.revenue.payments import Interval, Kind
from machines.state.whole import FOLD_VERSION, State, fold
from tests.benchmarks.bench_components import EURO, hot_record, wide_plan
from tests.benchmarks.figures import Figure, at_most

START = 1_704_067_200 * SECOND
RESUME_S_MAX = 2.0
GROUP = 1_000


async def build(path: Path, components: int, events: int) -> None:
    """Write the journal: the plan, a snapshot with every component HOT, and the events after it."""
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=FOLD_VERSION)
    plan = wide_plan(components)
    state = State()
    first: list[Event] = [Started("benchmark", "0", Mode.ACT), PlanAdopted(plan, plan_fingerprint(plan))]
    for recorded in await journal.append([Proposal(event, "boot", START) for event in first]):
        fold(state, recorded)
    for component_id in plan.components:
        state.components.records[component_id] = hot_record(component_id)
    await journal.write_snapshot(Snapshot(state.sequence, encode_state(state)))
    group: list[Proposal] = []
    for event in _later_events(list(plan.components), events):
        group.append(Proposal(event, "supervisor", START))
        if len(group) == GROUP:
            await journal.append(group)
            group = []
    if group:
        await journal.append(group)
    await journal.close()


def _later_events(names: list[str], count: int) -> Iterator[Event]:
    """Steps begun and ended on ever other components, and a payment now and then."""
    for number in range(count):
        name = names[number // 2 % len(names)]
        token = f"wide-{name}-1"
        if number % 10 == 9:
            payment = CountedPayment(f"pay_{number}", Kind.PAYMENT, 29 * EURO, START + number, Interval.MONTH)
            yield PaymentsRecorded("payments", f"{number}-0", START, (payment,))
        elif number % 2 == 0:
            yield StepIntended(
                name, Step.DEACTIVATE, token, 1, ComponentState.HOT, ComponentState.DEACTIVATING, 10 * EURO, START
            )
        else:
            yield StepEnded(
                name,
                Step.DEACTIVATE,
                token,
                StepOutcome.DONE,
                ComponentState.DEACTIVATING,
                ComponentState.WARM,
                EURO,
                "",
                "req",
            )


async def resume_s(path: Path, events: int) -> float:
    """Seconds from the closed file to the state after the last event."""
    gc.collect()
    began = time.perf_counter()
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=FOLD_VERSION)
    resumed = await resume(journal)
    took_s = time.perf_counter() - began
    await journal.close()
    assert resumed.folded_events == events
    return took_s


async def plain_decoding_s(path: Path) -> float:
    """Seconds to decode the snapshot's bytes and the later events' JSON into plain dicts and lists, read before."""
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=FOLD_VERSION)
    snapshot = await journal.newest_snapshot()
    assert snapshot is not None
    texts = [msgspec.json.encode(recorded.event) async for recorded in journal.read(after=snapshot.sequence)]
    await journal.close()
    gc.collect()
    began = time.perf_counter()
    msgspec.msgpack.decode(snapshot.state)
    for text in texts:
        msgspec.json.decode(text)
    return time.perf_counter() - began


async def measure(folder: Path, components: int, events: int) -> list[Figure]:
    """The time to resume, beside merely decoding the same bytes."""
    path = folder / "resume.sqlite"
    await build(path, components, events)
    took_s = await resume_s(path, events)
    plain_s = await plain_decoding_s(path)
    what = f"resume of {components:,} components + {events:,} events"
    return [at_most(Figure(what, took_s, "s", plain_s, "untyped decoding"), RESUME_S_MAX, "<= 2 s")]
