"""A metric as a value: what it is called, what it means, what it shows now. Exact until an adapter writes it out."""

from __future__ import annotations

import enum
from decimal import Decimal
from fractions import Fraction

import msgspec

Number = int | Decimal | Fraction | float
"""Amounts and quotients are exact; only seconds of the loop are floats."""


class Kind(enum.StrEnum):
    """How a metric behaves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    """Never falls while the process lives, and begins anew with it unless its description says otherwise."""
    HISTOGRAM = "histogram"


class Description(msgspec.Struct, frozen=True):
    """A metric that exists, with a line of help; `docs/metrics.md` lists them all."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()


class Distribution(msgspec.Struct, frozen=True):
    """A histogram's memory: how many values were at most each bound (the last is all of them), and their sum."""

    bounds: tuple[Number, ...]
    counts: tuple[int, ...]
    """Cumulative; one more than `bounds`, for what exceeds the last."""
    sum: Number


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One value of a metric; `labels` are the label values in the description's order."""

    name: str
    value: Number | Distribution
    labels: tuple[str, ...] = ()


class Family(msgspec.Struct, frozen=True):
    """A metric with its present samples; none where the value is unknown, for unknown is not zero."""

    description: Description
    samples: tuple[Sample, ...]
