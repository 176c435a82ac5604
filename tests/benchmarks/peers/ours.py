"""Our side of each pair, one round a call: `python -m tests.benchmarks.peers.ours NAME ARGUMENT...` prints a number."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from adapters.clocks import SystemClock
from adapters.memory_streams import MemoryServer, MemoryStreams
from adapters.provisioners.simulated import Faults, SimulatedProvisioner, SimulatedWorld
from adapters.sqlite_journal import SqliteJournal
from config.secret import Secret
from config.settings import ProvisioningSettings, Settings
from daemon.kernel import Kernel
from daemon.ports import Ports
from daemon.recorder import Recorder
from daemon.resume import encode_state, plan_fingerprint
from daemon.running import Daemon
from machines.events import Event, Mode, PlanAdopted, Started, StepEnded, StepIntended, StepOutcome
from machines.lifecycle_states import ComponentState, Step
from machines.ports.journal import Journal, Proposal
from machines.state.whole import FOLD_VERSION, State
from tests.benchmarks.bench_components import EURO, wide_plan
from tests.benchmarks.bench_kernel import _kernel_asks

START: Final = 1_704_067_200 * 1_000_000
COMPONENTS: Final = 100
GROUP: Final = 500


@asynccontextmanager
async def _journal(place: str) -> AsyncIterator[Any]:
    """A journal: a file, or `postgresql://…` where a schema is made for it."""
    if place.startswith("postgresql:"):
        from adapters.postgres_journal.journal import PostgresJournal  # noqa: PLC0415 - an extra
        from adapters.postgres_journal.place import PostgresPlace  # noqa: PLC0415 - beside it

        where = PostgresPlace(Secret(place), schema=f"peers_{time.time_ns()}")
        journal: Any = await PostgresJournal.open(where, clock=SystemClock(), fold_version=FOLD_VERSION, fencing=None)
    else:
        journal = await SqliteJournal.open(Path(place), clock=SystemClock(), fold_version=FOLD_VERSION)
    try:
        yield journal
    finally:
        await journal.close()


async def transitions(place: str, seconds: str, at_once: str) -> float:
    """Durable transitions in a second: recorded, synchronised, folded; so many under way at once."""
    async with _journal(place) as journal:
        recorder = await _recorder(journal)
        names = [f"c{number}" for number in range(COMPONENTS)]
        await _for_seconds(recorder, names, 0.3, int(at_once))
        done, took_s = await _for_seconds(recorder, names, float(seconds), int(at_once))
    return done / took_s


async def _recorder(journal: Journal) -> Recorder:
    recorder = Recorder(
        journal,
        State(),
        SystemClock(),
        group_events_max=GROUP,
        snapshot_every_events=10_000_000,
        encode_state=encode_state,
    )
    recorder.attach(Kernel(on_event=lambda _kind, _name, _detail: None, jitter=lambda: 1.0))
    plan = wide_plan(COMPONENTS)
    await recorder.record("boot", [Started("peers", "0", Mode.ACT), PlanAdopted(plan, plan_fingerprint(plan))])
    return recorder


async def _for_seconds(recorder: Recorder, names: list[str], seconds: float, at_once: int) -> tuple[int, float]:
    began = time.perf_counter()
    counts = await asyncio.gather(
        *(_transit(recorder, names[worker % len(names)], began + seconds) for worker in range(at_once))
    )
    return sum(counts), time.perf_counter() - began


async def _transit(recorder: Recorder, name: str, until: float) -> int:
    """A component's life, one transition after the other: intended, done, intended, done."""
    done = 0
    while time.perf_counter() < until:
        await recorder.record("peers", [_intent(name) if done % 2 == 0 else _end(name)])
        done += 1
    return done


def _intent(name: str) -> StepIntended:
    return StepIntended(
        name, Step.WARM, f"wide-{name}-1", 1, ComponentState.COLD, ComponentState.WARMING, 10 * EURO, START
    )


def _end(name: str) -> StepEnded:
    return StepEnded(
        name, Step.WARM, f"wide-{name}-1", StepOutcome.DONE, ComponentState.WARMING, ComponentState.WARM, 10 * EURO
    )


async def appends(place: str, rows: str) -> float:
    """Events appended in a second in groups of `GROUP`, each group durable before the next."""
    events: list[Event] = [_intent(f"c{number % COMPONENTS}") for number in range(GROUP)]
    group = [Proposal(event, "peers", START) for event in events]
    async with _journal(place) as journal:
        await journal.append(group)
        began = time.perf_counter()
        for _ in range(int(rows) // GROUP):
            await journal.append(group)
        return int(rows) / (time.perf_counter() - began)


async def recovery(place: str, count: str) -> float:
    """Interrupted steps that are settled in a second: from opening the journal until no intent is open.

    The world here shows at once what stands. With the usual `consistency_grace_s` all of it would wait a minute first.
    """
    path, number = Path(place), int(count)
    await _interrupt(path, number)
    clock, began = SystemClock(), time.perf_counter()
    journal = await SqliteJournal.open(path, clock=clock, fold_version=FOLD_VERSION)
    simulated = SimulatedProvisioner(SimulatedWorld(), clock, Faults(lambda below: below - 1))
    plan = wide_plan(number)
    ports = Ports(
        clock=clock,
        journal=journal,
        streams=MemoryStreams(MemoryServer(clock)),
        observers={"simulated": simulated},
        provisioners={"simulated": simulated},
        customer_key=journal.customer_key,
        jitter=lambda: 1.0,
    )
    settings = Settings(plan="wide", provisioning=ProvisioningSettings(consistency_grace_s=0))
    daemon = Daemon(ports, settings, plan=plan, read_plan=lambda: plan, mode=Mode.ACT, holder="peers", version="0")
    await daemon.start()
    records = daemon.recorder.state.components.records
    while any(record.intent is not None for record in records.values()):  # noqa: ASYNC110 - it looks from outside
        await asyncio.sleep(0.02)
    took_s = time.perf_counter() - began
    await daemon.stop()
    await journal.close()
    return number / took_s


async def _interrupt(path: Path, number: int) -> None:
    """The journal of a daemon that died with a step of every component under way."""
    plan = wide_plan(number)
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=FOLD_VERSION)
    first: list[Event] = [Started("peers", "0", Mode.ACT), PlanAdopted(plan, plan_fingerprint(plan))]
    events = [*first, *(_intent(name) for name, each in plan.components.items() if not each.host)]
    for start in range(0, len(events), 1_000):
        await journal.append([Proposal(event, "peers", START) for event in events[start : start + 1_000]])
    await journal.close()


async def asks(askers: str) -> float:
    """Ask round trips in a second."""
    return await _kernel_asks(int(askers))


ROUNDS: Final[dict[str, Callable[..., Awaitable[float]]]] = {
    "transitions": transitions,
    "appends": appends,
    "recovery": recovery,
    "asks": asks,
}

if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(ROUNDS[sys.argv[1]](*sys.argv[2:]))}\n")
