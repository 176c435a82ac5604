"""What the log left out, as samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from daemon.telemetry.samples import Sample


def left_out_samples(counts: Mapping[str, int]) -> Iterator[Sample]:
    """One sample for each event of which lines were left out."""
    for event, count in sorted(counts.items()):
        yield Sample("solvent_log_lines_suppressed_total", count, (event,))
