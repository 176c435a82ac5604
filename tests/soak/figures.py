"""Slopes with their uncertainty: whether a series rises, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Final

import msgspec

_Z_95: Final = 1.96
MIB: Final = 1 << 20


class Slope(msgspec.Struct, frozen=True):
    """A Theil-Sen slope an hour, between the bounds of its 95 % interval."""

    per_hour: float
    low: float
    high: float
    first: float
    """The median of the first tenth, and of the last."""
    last: float
    samples: int


def slope(points: Sequence[tuple[float, float]]) -> Slope:
    """The slope of (seconds, value): the median of the slopes of all pairs, which outliers do not move.

    Neighbouring samples are alike (a heap grows in steps), so the interval is that of a few blocks of samples and not
    of all of them: sixty blocks at most, each by its median.
    """
    blocks = _blocks(points, 60)
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 3_600
        for index, earlier in enumerate(blocks)
        for later in blocks[index + 1 :]
    )
    count = len(blocks)
    spread = _Z_95 * (count * (count - 1) * (2 * count + 5) / 18) ** 0.5
    low = max(0, int((len(slopes) - spread) / 2))
    high = min(len(slopes) - 1, int((len(slopes) + spread) / 2) + 1)
    tenth = max(1, len(points) // 10)
    return Slope(
        median(slopes),
        slopes[low],
        slopes[high],
        median(value for _, value in points[:tenth]),
        median(value for _, value in points[-tenth:]),
        len(points),
    )


def _blocks(points: Sequence[tuple[float, float]], blocks_max: int) -> list[tuple[float, float]]:
    size = max(1, -(-len(points) // blocks_max))
    parts = [points[first : first + size] for first in range(0, len(points), size)]
    return [(median(at for at, _ in part), median(value for _, value in part)) for part in parts]


def nearest_rank(values: Sequence[float], hundredth: int) -> float:
    """The smallest value that so many of a hundred do not exceed: always one that was measured."""
    return sorted(values)[max(0, -(-len(values) * hundredth // 100) - 1)]


def percentile(values: Sequence[float], hundredth: int) -> float:
    """A percentile; of fewer than two values the only one, of none 0."""
    if len(values) < 2:
        return next(iter(values), 0.0)
    return quantiles(values, n=100, method="inclusive")[hundredth - 1]
