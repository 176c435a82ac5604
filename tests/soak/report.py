"""What a soak promised, and whether it held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

import msgspec

from tests.soak.figures import Slope, percentile, slope
from tests.soak.processor import cpu_us_a_payment, quiet, waits_shares
from tests.soak.sampling import Sample

MEMORY_MIB_PER_HOUR_MAX: Final = 1.0
JUDGED_FROM_S: Final = 480.0
"""A series shorter than this says nothing of an hour; its slope is printed and not judged."""
ALL: Final = "latency ms, all"
QUIET: Final = "latency ms, quiet"
WAITS: Final = "share of waiting for a processor"
CPU: Final = "CPU us a payment, calibrated"
FLAT_PER_HOUR: Final = {"descriptors": 6.0, "threads": 3.0, "solvent_tasks_items": 6.0, ALL: 30.0, QUIET: 30.0}
"""How much may seem to rise an hour before a thing is not flat: less than one leaks in ten faults would add."""
CPU_SHARE_PER_HOUR_MAX: Final = 0.2
"""The same of processor time a payment, as a part of what it was at first: what is worked through again and again, and
grows with the journal, doubles it within the hour."""
QUIET_SHARE_MIN: Final = 0.3
"""Where fewer of the answers came while the daemon had its processor, their latency is not judged."""
BUSIER: Final = 0.05
"""Where the share of waiting rises by more, the machine became busier, and latency with it."""


class Verdict(Enum):
    """What a soak says of one promise."""

    HELD = "held"
    BROKEN = "BROKEN"
    UNSURE = "unsure"
    """The limit lies within the noise: a longer run would tell."""
    NOT_JUDGED = "not judged"


class Promise(msgspec.Struct, frozen=True):
    """One promise and what was found."""

    name: str
    verdict: Verdict
    found: str


def promised(name: str, held: bool, found: str) -> Promise:
    """One that is either held or broken."""
    return Promise(name, Verdict.HELD if held else Verdict.BROKEN, found)


class Series(msgspec.Struct, frozen=True):
    """One thing that was measured again and again."""

    name: str
    unit: str
    slope: Slope


def series_of(samples: Sequence[Sample], latencies: Sequence[tuple[float, float]]) -> list[Series]:
    """Everything that must not rise, after the warm-up."""
    found = [
        Series("RSS", "MiB", slope([(each.at_s, each.rss_kib / 1024) for each in samples])),
        Series("anonymous", "MiB", slope([(each.at_s, each.anonymous_kib / 1024) for each in samples])),
        Series("descriptors", "", slope([(each.at_s, float(each.descriptors)) for each in samples])),
        Series("threads", "", slope([(each.at_s, float(each.threads)) for each in samples])),
        Series("children", "", slope([(each.at_s, float(each.children)) for each in samples])),
    ]
    for name in ("solvent_tasks_items", "solvent_mailbox_items", "solvent_journal_oldest_wait_seconds"):
        points = [(each.at_s, each.metrics[name]) for each in samples if name in each.metrics]
        if len(points) > 2:
            found.append(Series(name, "", slope(points)))
    optional = [
        ("CPU us a payment", cpu_us_a_payment(samples, calibrated=False)),
        (CPU, cpu_us_a_payment(samples, calibrated=True)),
        (ALL, _in_ms(latencies)),
        (QUIET, _in_ms(quiet(latencies, samples))),
        (WAITS, waits_shares(samples)),
    ]
    found += [Series(name, "", slope(points)) for name, points in optional if len(points) > 2]
    found += [
        Series("load average", "", slope([(each.at_s, each.load) for each in samples])),
        Series("calibration us", "", slope([(each.at_s, each.calibration_us) for each in samples])),
    ]
    return found


def _in_ms(latencies: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(at, took * 1_000) for at, took in latencies]


def promises_of_slopes(series: Sequence[Series], judged_s: float) -> list[Promise]:
    """Memory, and what must be flat.

    Broken where even the low end of the interval is above the limit, held where even the high end is not.
    """
    judged: list[Promise] = []
    for each in series:
        limit = _limit(each)
        if limit is None:
            continue
        why_not = _why_not_judged(each, {other.name: other.slope for other in series}, judged_s)
        name = f"{each.name} rises at most {limit:.4g} {each.unit}".rstrip() + " an hour"
        verdict = Verdict.NOT_JUDGED if why_not else _verdict(each.slope, limit)
        judged.append(Promise(name, verdict, _rise_text(each.slope, why_not)))
    missing = {CPU, QUIET} - {each.name for each in series}
    judged += [Promise(f"{name} is flat", Verdict.NOT_JUDGED, "there is too little of it") for name in sorted(missing)]
    return judged


def _verdict(found: Slope, limit: float) -> Verdict:
    if found.low > limit:
        return Verdict.BROKEN
    return Verdict.UNSURE if found.high > limit else Verdict.HELD


def _limit(series: Series) -> float | None:
    if series.name in {"RSS", "anonymous"}:
        return MEMORY_MIB_PER_HOUR_MAX
    if series.name == CPU:
        return series.slope.first * CPU_SHARE_PER_HOUR_MAX
    return FLAT_PER_HOUR.get(series.name)


def _why_not_judged(series: Series, slopes: Mapping[str, Slope], judged_s: float) -> str:
    """Latency is the machine's too: it counts where that was quiet, or did not become busier while it rose."""
    if judged_s < JUDGED_FROM_S:
        return f"only {judged_s:.0f} s"
    if series.name == QUIET and series.slope.samples < slopes[ALL].samples * QUIET_SHARE_MIN:
        return f"only {series.slope.samples} of {slopes[ALL].samples} answers came on a quiet machine"
    waits = slopes.get(WAITS)
    if series.name == ALL and waits is not None and waits.last > waits.first + BUSIER:
        return f"the share of waiting for a processor rose from {waits.first:.0%} to {waits.last:.0%}"
    return ""


def _rise_text(found: Slope, why_not_judged: str) -> str:
    text = f"{found.per_hour:+.2f} an hour, 95 % {found.low:+.2f} to {found.high:+.2f}"
    return f"{text} ({why_not_judged})" if why_not_judged else text


def text_of(series: Sequence[Series], promises: Sequence[Promise], facts: dict[str, object]) -> str:
    """The report for people."""
    lines = [f"{name:28} {value}" for name, value in facts.items()]
    lines += ["", f"{'series':36} {'first':>9} {'last':>9} {'slope/h':>9}   95 % interval"]
    lines += [
        f"{each.name:36} {each.slope.first:9.2f} {each.slope.last:9.2f} {each.slope.per_hour:+9.2f}   "
        f"{each.slope.low:+.2f} to {each.slope.high:+.2f}"
        for each in series
    ]
    lines += ["", *(f"{each.verdict.value:10} {each.name}: {each.found}" for each in promises)]
    counted = Counter(each.verdict for each in promises)
    lines += ["", ", ".join(f"{counted[each]} {each.value}" for each in Verdict)]
    return "\n".join(lines)


def latency_text(latencies: Sequence[tuple[float, float]]) -> str:
    """Median and tail of the commands' answers, in milliseconds."""
    took = [each * 1_000 for _, each in latencies]
    return f"p50 {percentile(took, 50):.0f} ms, p99 {percentile(took, 99):.0f} ms, worst {max(took, default=0):.0f} ms"
