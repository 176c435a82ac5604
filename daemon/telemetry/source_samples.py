"""The samples of sources of payments: how old each is, how good, and what its reads came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from config.instants import SECOND, Instant
from daemon.roots.sources import SourceRoot
from daemon.telemetry.samples import Sample
from machines.sources.freshness import SourceQuality, quality_of
from machines.state.whole import State


def source_samples(
    state: State, now: Instant, heard: Mapping[str, Instant], roots: Mapping[str, SourceRoot]
) -> Iterator[Sample]:
    """All of them; a source that was never heard has no age. `heard` may be newer than what was recorded."""
    for name, stand in state.revenue.sources.stands.items():
        times = [at for at in (stand.heard_at, heard.get(name)) if at is not None]
        if times:
            yield Sample("solvent_source_last_read_age_seconds", Fraction(now - max(times), SECOND), (name,))
        quality = quality_of(state, name)
        yield from (
            Sample("solvent_source_quality", int(each is quality), (name, each.value)) for each in SourceQuality
        )
        yield Sample("solvent_source_payments_total", stand.counted, (name,))
    for name, root in roots.items():
        for outcome, count in sorted(root.reads.items()):
            yield Sample("solvent_source_reads_total", count, (name, outcome))
