"""From the decision until a component is HOT, less what its provider took: `autobroker_cloud` lifted to level 4.

The providers are the emulators of the tests. Theirs is the time of each step from its intent to its end, of each
look, and of all that the waves before it took. What is left is solvent's own: deciding, granting, noticing that a
wave stands, journalling, the way between actors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from config.instants import SECOND, Instant
from config.loading import load_plan
from config.plan import Component, Plan
from daemon.running import Daemon
from machines.deciding.waves import waves_up
from machines.events import LevelDecided, Recorded, StepEnded, StepIntended, StepOutcome
from machines.lifecycle_states import Step
from machines.observations import Observation
from tests.benchmarks.figures import Figure, at_most, percentile
from tests.benchmarks.places import redis_server
from tests.provisioners.cloud.hurried_loop import run_hurried
from tests.provisioners.cloud.living import living
from tests.provisioners.cloud.places import PLAN, places

HURRY = 20
LIMIT_S = 1.0
RISE = (
    ("2025-01", "500"),
    ("2025-02", "1500"),
    ("2025-03", "3600"),
    ("2025-04", "3600"),
    ("2025-05", "60000"),
    ("2025-06", "60000"),
    ("2025-07", "60000"),
)
Span = tuple[Instant, Instant]


def measure(folder: Path, months: int = len(RISE)) -> list[Figure]:
    """Median and 99th percentile over every component that a decision raised."""
    times = sorted(run_hurried(_own_times_s(folder, months), HURRY))
    what = f"from decision to HOT, the providers' own time taken off, {len(times)} components"
    middle = Figure(f"{what}, p50", percentile(times, 0.50), "s")
    return [middle, at_most(Figure("the same, p99", percentile(times, 0.99), "s"), LIMIT_S, f"<= {LIMIT_S:g} s")]


async def _own_times_s(folder: Path, months: int) -> list[float]:
    plan = load_plan(PLAN)
    async with redis_server(folder / "redis") as url:
        inner = folder / "places"
        inner.mkdir()
        async with places(inner, url) as everywhere, living(everywhere, "bench") as daemon:
            looks = _looks_of(daemon.daemon)
            await daemon.settled()
            for month, revenue in RISE[:months]:
                await daemon.month(month, revenue)
            return own_times_s(plan, await daemon.events(), looks)


def _looks_of(daemon: Daemon) -> dict[str, list[Span]]:
    """From now on, when each component is looked at."""
    looks: dict[str, list[Span]] = {}
    observe = daemon.actuator.observe

    async def timed(plan_id: str, component: Component, name: str = "") -> Observation:
        began = daemon.ports.clock.wall()
        try:
            return await observe(plan_id, component, name)
        finally:
            looks.setdefault(component.id, []).append((began, daemon.ports.clock.wall()))

    daemon.actuator.observe = timed  # type: ignore[method-assign]  # the one place through which all looks go
    return looks


def own_times_s(plan: Plan, events: Sequence[Recorded], looks: Mapping[str, Sequence[Span]]) -> list[float]:
    """Of each component that a decision raised to HOT: how long that took while no provider was at work for it."""
    spans, hot = _steps(events)
    waves = waves_up(plan, plan.components)
    decided = [(each.recorded_at, each.event.decision.level) for each in events if isinstance(each.event, LevelDecided)]
    ends = [at for at, _ in decided[1:]] + [events[-1].recorded_at]
    times = []
    for (began, level), ended in zip(decided, ends, strict=True):
        for component in plan.levels[level].components:
            for at in (at for at in hot.get(component, ()) if began <= at <= ended):
                number = next(index for index, wave in enumerate(waves) if component in wave)
                awaited = {component, *(each for wave in waves[:number] for each in wave)}
                busy = [span for each in awaited for span in (*spans.get(each, ()), *looks.get(each, ()))]
                times.append((at - began - _covered(busy, began, at)) / SECOND)
    return times


def _steps(events: Iterable[Recorded]) -> tuple[dict[str, list[Span]], dict[str, list[Instant]]]:
    """From each intent to the end of its step, and when each component became HOT."""
    spans: dict[str, list[Span]] = {}
    hot: dict[str, list[Instant]] = {}
    since: dict[str, Instant] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, StepIntended):
            since.setdefault(event.component, recorded.recorded_at)
        elif isinstance(event, StepEnded) and event.outcome is StepOutcome.DONE:
            began = since.pop(event.component, recorded.recorded_at)
            spans.setdefault(event.component, []).append((began, recorded.recorded_at))
            if event.step is Step.ACTIVATE:
                hot.setdefault(event.component, []).append(recorded.recorded_at)
    return spans, hot


def _covered(spans: Sequence[Span], start: Instant, end: Instant) -> int:
    """How much of the time from start to end lies in any of the spans."""
    covered, reached = 0, start
    for began, ended in sorted(spans):
        left, right = max(began, reached), min(ended, end)
        if right > left:
            covered += right - left
            reached = right
    return covered
