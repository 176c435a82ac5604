"""A snapshot that takes long: nobody who records waits for it, and there is one at a time."""

from __future__ import annotations

import asyncio

from adapters.clocks import SystemClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from machines.ports.journal import Snapshot
from tests.faults.test_bounds import MOVED, quiet_kernel, recorder_on


class SlowToKeep(MemoryJournal):
    """Takes events at once, and keeps no snapshot before it is let go."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), SystemClock())
        self.go_on = asyncio.Event()
        self.asked: list[int] = []

    async def write_snapshot(self, snapshot: Snapshot) -> None:
        """As in memory, later."""
        self.asked.append(snapshot.sequence)
        await self.go_on.wait()
        await super().write_snapshot(snapshot)


async def test_events_are_recorded_while_a_snapshot_is_written() -> None:
    """It is of the state as it was when it was due; the next one begins when it is over."""
    journal, kernel = SlowToKeep(), quiet_kernel()
    recorder = recorder_on(journal, kernel, snapshot_every_events=3)
    for _ in range(10):
        await asyncio.wait_for(recorder.record("somebody", MOVED), 5)
    assert ([3], {}, 10) == (journal.asked, journal.store.snapshots, recorder.state.sequence)
    journal.go_on.set()
    (keeping,) = [task for task in kernel.tasks.running() if task.get_name() == "keeping a snapshot"]
    await keeping
    assert [3] == list(journal.store.snapshots)
    await recorder.record("somebody", MOVED)
    await kernel.stop(ask_s=5, cancel_s=1)
    assert ([3, 11], [3, 11]) == (journal.asked, list(journal.store.snapshots))
