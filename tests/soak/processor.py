"""Telling a daemon that became slower from a machine that became busy: processor time a payment, quiet stretches."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from tests.soak.sampling import COUNTED, Sample

WINDOW_SAMPLES: Final = 10
"""So many samples make one figure of processor time a payment: a Redis that was away is caught up within."""
WAITS_SHARE_MAX: Final = 0.25
"""Where the daemon waited for a processor longer than this part of the time it could have run, how long an answer
takes says more of the machine than of the daemon."""

Point = tuple[float, float]


def cpu_us_a_payment(samples: Sequence[Sample], *, calibrated: bool) -> list[Point]:
    """Processor time for each payment that was counted, a point for each window.

    `calibrated` divides by how slow a second of processor time was, held against the median of the whole run: who
    shares caches and cores with others computes the same in more of them.
    """
    usual_us = sorted(each.calibration_us for each in samples)[len(samples) // 2]
    found: list[Point] = []
    for first in range(0, len(samples) - WINDOW_SAMPLES, WINDOW_SAMPLES):
        window = samples[first : first + WINDOW_SAMPLES + 1]
        before, after = window[0], window[-1]
        payments = after.metrics.get(COUNTED, 0) - before.metrics.get(COUNTED, 0)
        if payments <= 0:
            continue
        slowness = sorted(each.calibration_us for each in window)[len(window) // 2] / usual_us
        cpu_us = (after.cpu_s - before.cpu_s) / payments * 1_000_000
        found.append(((before.at_s + after.at_s) / 2, cpu_us / slowness if calibrated else cpu_us))
    return found


def waits_shares(samples: Sequence[Sample]) -> list[Point]:
    """Which part of the time that it could have run the daemon waited for a processor, up to each sample."""
    found: list[Point] = []
    for before, after in itertools.pairwise(samples):
        waited_s, cpu_s = max(0.0, after.waited_s - before.waited_s), after.cpu_s - before.cpu_s
        found.append((after.at_s, waited_s / (waited_s + cpu_s) if waited_s + cpu_s > 0 else 0.0))
    return found


def quiet(latencies: Sequence[Point], samples: Sequence[Sample]) -> list[Point]:
    """The answers (when, after how long) during whose whole waiting the daemon had its processor."""
    shares = waits_shares(samples)
    ends = [at for at, _ in shares]

    def had_its_processor(at: float, took: float) -> bool:
        stretch = shares[bisect_left(ends, at - took) : bisect_left(ends, at) + 1]
        return bool(stretch) and all(share <= WAITS_SHARE_MAX for _, share in stretch)

    return [(at, took) for at, took in latencies if had_its_processor(at, took)]
