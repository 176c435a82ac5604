"""A source that posts fails when its posts cannot be checked, until it is heard again."""

from __future__ import annotations

from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.kernel import Kernel
from daemon.recorder import Recorder
from daemon.resume import encode_state, resume
from daemon.source_failing import failures_noted_by
from machines.events import SourceHeard, SourcesConfigured
from machines.sources.freshness import SourceQuality, quality_of
from tests.sources.payments import NOW, MovedClock


async def test_a_source_fails_until_it_is_heard_again() -> None:
    """However often it is noted, its breaker stays closed: nobody asks it."""
    clock = MovedClock()
    journal = MemoryJournal(MemoryStore(), clock)
    recorder = Recorder(
        journal,
        (await resume(journal)).state,
        clock,
        group_events_max=100,
        snapshot_every_events=10_000,
        encode_state=encode_state,
    )
    kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
    recorder.attach(kernel)
    await recorder.record("revenue", (SourcesConfigured(("till",), ("post",)), SourceHeard("till", "", NOW)))
    note = failures_noted_by(recorder)

    for _ in range(10):
        await note("till", "the file is gone")
    failing = quality_of(recorder.state, "till"), recorder.state.breakers["source:till"].status.value
    await recorder.record("revenue", (SourceHeard("till", "", NOW),))
    await kernel.stop(ask_s=1, cancel_s=1)

    assert (SourceQuality.FAILING, "closed") == failing
    assert SourceQuality.GOOD == quality_of(recorder.state, "till")
