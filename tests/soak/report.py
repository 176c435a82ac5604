"""What a soak promised, and whether it held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tests.soak.figures import Slope, percentile, slope
from tests.soak.sampling import Sample

MEMORY_MIB_PER_HOUR_MAX: Final = 1.0
JUDGED_FROM_S: Final = 480.0
"""A series shorter than this says nothing of an hour; its slope is printed and not judged."""
FLAT_PER_HOUR: Final = {"descriptors": 6.0, "threads": 3.0, "solvent_tasks_items": 6.0, "latency p50 ms": 30.0}
"""How much may seem to rise an hour before a thing is not flat: less than one leaks in ten faults would add."""


class Promise(msgspec.Struct, frozen=True):
    """One promise and what was found."""

    name: str
    held: bool
    found: str


class Series(msgspec.Struct, frozen=True):
    """One thing that was measured again and again."""

    name: str
    unit: str
    slope: Slope


def series_of(samples: Sequence[Sample], latencies: Sequence[tuple[float, float]]) -> list[Series]:
    """Everything that must not rise, after the warm-up."""
    found = [
        Series("RSS", "MiB", slope([(each.at_s, each.rss_kib / 1024) for each in samples])),
        Series("PSS", "MiB", slope([(each.at_s, each.pss_kib / 1024) for each in samples])),
        Series("descriptors", "", slope([(each.at_s, float(each.descriptors)) for each in samples])),
        Series("threads", "", slope([(each.at_s, float(each.threads)) for each in samples])),
        Series("children", "", slope([(each.at_s, float(each.children)) for each in samples])),
    ]
    for name in ("solvent_tasks_items", "solvent_mailbox_items", "solvent_journal_oldest_wait_seconds"):
        points = [(each.at_s, each.metrics[name]) for each in samples if name in each.metrics]
        if len(points) > 2:
            found.append(Series(name, "", slope(points)))
    if len(latencies) > 2:
        found.append(Series("latency p50 ms", "ms", slope([(at, took * 1_000) for at, took in latencies])))
    return found


def promises_of_slopes(series: Sequence[Series], judged_s: float) -> list[Promise]:
    """Memory, and what must be flat. A promise is broken where even the low end of the interval is above its limit."""
    judged: list[Promise] = []
    for each in series:
        limit = MEMORY_MIB_PER_HOUR_MAX if each.name in {"RSS", "PSS"} else FLAT_PER_HOUR.get(each.name)
        if limit is None:
            continue
        rises = each.slope.low > limit and judged_s >= JUDGED_FROM_S
        name = f"{each.name} rises at most {limit:g} {each.unit}".rstrip() + " an hour"
        judged.append(Promise(name, not rises, _rise_text(each.slope, limit, judged_s)))
    return judged


def _rise_text(found: Slope, limit: float, judged_s: float) -> str:
    text = f"{found.per_hour:+.2f} an hour, 95 % {found.low:+.2f} to {found.high:+.2f}"
    if judged_s < JUDGED_FROM_S:
        return f"{text} (not judged: only {judged_s:.0f} s)"
    return text if found.high <= limit or found.low > limit else f"{text} (the limit lies within the noise)"


def text_of(series: Sequence[Series], promises: Sequence[Promise], facts: dict[str, object]) -> str:
    """The report for people."""
    lines = [f"{name:28} {value}" for name, value in facts.items()]
    lines += ["", f"{'series':36} {'first':>9} {'last':>9} {'slope/h':>9}   95 % interval"]
    lines += [
        f"{each.name:36} {each.slope.first:9.2f} {each.slope.last:9.2f} {each.slope.per_hour:+9.2f}   "
        f"{each.slope.low:+.2f} to {each.slope.high:+.2f}"
        for each in series
    ]
    lines += ["", *(f"{'held  ' if each.held else 'BROKEN'} {each.name}: {each.found}" for each in promises)]
    return "\n".join(lines)


def latency_text(latencies: Sequence[tuple[float, float]]) -> str:
    """Median and tail of the commands' answers, in milliseconds."""
    took = [each * 1_000 for _, each in latencies]
    return f"p50 {percentile(took, 50):.0f} ms, p99 {percentile(took, 99):.0f} ms, worst {max(took, default=0):.0f} ms"
