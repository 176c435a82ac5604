"""`PrometheusText`: metrics in Prometheus's text format. The one place where an amount becomes a float."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
Number = int | Decimal | Fraction | float


class _Description(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


class _Distribution(Protocol):
    @property
    def bounds(self) -> tuple[Number, ...]: ...
    @property
    def counts(self) -> tuple[int, ...]: ...
    @property
    def sum(self) -> Number: ...


class _Sample(Protocol):
    @property
    def value(self) -> Number | _Distribution: ...
    @property
    def labels(self) -> tuple[str, ...]: ...


class _Family(Protocol):
    @property
    def description(self) -> _Description: ...
    @property
    def samples(self) -> Sequence[_Sample]: ...


class _Families(Collector):
    """Asks for the families at each scrape; keeps nothing."""

    def __init__(self, read: Callable[[], Iterable[_Family]]) -> None:
        self._read = read

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        for family in self._read():
            yield _metric(family)


class PrometheusText:
    """What `/metrics` serves: the given families, and those of the process and of Python."""

    def __init__(self, read: Callable[[], Iterable[_Family]]) -> None:
        """`read` is called at each scrape, in the scraping thread."""
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._registry.register(_Families(read))

    def render(self) -> bytes:
        """The whole page, of the type `CONTENT_TYPE`."""
        return generate_latest(self._registry)


def _metric(family: _Family) -> Metric:
    description, labels = family.description, family.description.labels
    if description.kind == "histogram":
        return _histogram(family)
    kind = CounterMetricFamily if description.kind == "counter" else GaugeMetricFamily
    metric = kind(description.name, description.help, labels=labels)
    for sample in family.samples:
        metric.add_metric(sample.labels, float(sample.value))  # type: ignore[arg-type]  # no distribution in these
    return metric


def _histogram(family: _Family) -> Metric:
    description = family.description
    metric = HistogramMetricFamily(description.name, description.help, labels=description.labels)
    for sample in family.samples:
        distribution = sample.value
        assert not isinstance(distribution, int | float | Decimal | Fraction)
        bounds = [*(repr(float(bound)) for bound in distribution.bounds), "+Inf"]
        buckets = [(bound, float(count)) for bound, count in zip(bounds, distribution.counts, strict=True)]
        metric.add_metric(sample.labels, buckets, float(distribution.sum))
    return metric
