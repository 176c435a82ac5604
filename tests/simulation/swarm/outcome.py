"""What a run came to, as a value that a process can hand to another: figures, findings, and how to run it again."""

from __future__ import annotations

import gc
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
import structlog

from tests.simulation.swarm.case import CALL_FAULTS, MISHAPS, Case
from tests.simulation.swarm.living import live_through
from tests.simulation.swarm.swarm_world import SwarmWorld

MANY_SEEDS: Final = 100
"""From so many on, a kind of fault that never struck is a weakness of the swarm, no chance."""


class Outcome(msgspec.Struct, frozen=True):
    """One run."""

    case: Case
    years: float
    cpu_s: float
    digest: str
    """Of the whole journal: the same case has the same, in every process."""
    findings: tuple[str, ...]
    figures: dict[str, int]
    faults: dict[str, int]
    """How often each kind struck."""

    @property
    def invariant(self) -> str:
        """What the first finding is about; "" where there is none."""
        return self.findings[0].partition(":")[0].partition(" at event")[0] if self.findings else ""


def run_case(case: Case) -> Outcome:
    """Live through a case and sum it up."""
    structlog.configure(processors=[lambda *_: ""], logger_factory=structlog.ReturnLoggerFactory())
    began_s = time.process_time()
    with uncollected():
        ended = live_through(case)
    world = ended.world
    figures = {
        "lives": world.lives,
        "crashes": world.crashes,
        "commands": ended.operators.sent,
        "rows": ended.business.rows,
        "payments": world.auditor.payments_counted,
        "events": len(world.store.events),
        "transitions": world.counts["StepEnded"],
        "decisions": world.counts["LevelDecided"],
        "calls": world.counts["call"],
        "over_cap": world.counts["over_cap"],
    }
    return Outcome(
        case=case,
        years=case.years,
        cpu_s=time.process_time() - began_s,
        digest=digest_of(world),
        findings=ended.findings,
        figures=figures,
        faults=dict(world.struck),
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """The body makes cycles, and keeps most of what it makes: one search for them at its end, not thousands.

    None where nobody collects: a process that ends with its case gives everything back by that.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    gc.freeze()  # what stood before is not searched at the end
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        gc.enable()


def digest_of(world: SwarmWorld) -> str:
    """Every byte of the journal."""
    whole = hashlib.sha256()
    for each in world.store.events:
        data = each.encoded.data if isinstance(each.encoded.data, bytes) else each.encoded.data.encode()
        whole.update(f"{each.sequence} {each.recorded_at} {each.effective_at} {each.actor} {each.cause} ".encode())
        whole.update(each.encoded.name.encode() + data)
    return whole.hexdigest()


def replay(case: Case) -> str:
    """The one command that runs exactly this case again."""
    return f"python -m tests.simulation.swarm --case '{case.text()}'"


def report(outcomes: Iterable[Outcome], took_s: float) -> Iterator[str]:
    """A run in lines for a person."""
    done = list(outcomes)
    years, cpu_s = sum(each.years for each in done), sum(each.cpu_s for each in done)
    figures: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for each in done:
        figures.update(each.figures)
        faults.update(each.faults)
    pace = years / max(took_s, 0.001)
    yield f"seeds {len(done)}, virtual years {years:.1f}, in {took_s:.0f} s ({pace:.2f} years a second)"
    yield f"processor time {cpu_s:.0f} s, {cpu_s / max(years, 0.001):.2f} s a virtual year"
    yield ", ".join(f"{name} {number}" for name, number in figures.items())
    yield f"faults {faults.total()}: " + ", ".join(f"{name} {number}" for name, number in sorted(faults.items()))
    never = [name for name in (*CALL_FAULTS, *MISHAPS) if not faults[name]]
    if len(done) >= MANY_SEEDS:
        yield f"never struck: {', '.join(never) or 'none'}"
    wrong = [each for each in done if each.findings]
    yield f"findings {len(wrong)}"
    for each in wrong:
        yield f"  seed {each.case.seed}: {each.findings[0][:1_500]}"
        yield f"    {replay(each.case)}"
