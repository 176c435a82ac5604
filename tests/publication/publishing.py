"""A journal, a Redis in memory and a publisher between them, which may die and begin again; all in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.memory_streams import MemoryServer, MemoryStreams
from config.instants import SECOND
from daemon.kernel import Kernel, RestartPolicy, Root
from daemon.publication.entries import entry_for
from daemon.recorder import Recorder
from daemon.resume import encode_state, resume
from daemon.roots.gate import Gate
from daemon.roots.publication import Publication, PublicationLimits
from machines.events import CommandAnswered, Event, FreezeChanged, Recorded, RevenueMeasured
from machines.ports.streams import Owner

BEGAN = 1_704_067_200 * SECOND
LIMITS = PublicationLimits(stream_entries_max=1_000, batch_entries_max=7, tail_events_max=16, recheck_s=30)
RESTART = RestartPolicy(restarts_max=3, restart_window_s=60, backoff_min_s=0.1, backoff_max_s=1)


def freeze(key: str) -> FreezeChanged:
    """An event that only the stream of all events shows."""
    return FreezeChanged(key, frozen=True, reason=f"because of {key}")


def answer(entry_id: str) -> CommandAnswered:
    """An event that the replies show too."""
    return CommandAnswered("commands", entry_id, "pause", "done", "paused", "night shift")


def reading(mrr_micros: int) -> RevenueMeasured:
    """An event that the stream of readings shows too."""
    return RevenueMeasured(BEGAN, mrr_micros, 0, 2024 * 12, 0, "good")


def mixed(count: int) -> list[Event]:
    """So many events of all three sorts."""
    sorts: tuple[Callable[[int], Event], ...] = (
        lambda number: freeze(f"key{number}"),
        lambda number: reading(number * 1_000_000),
        lambda number: answer(f"{number}-0"),
    )
    return [sorts[number % 3](number) for number in range(1, count + 1)]


class Publishing:
    """What survives a process: the journal's store, the Redis server and the wall clock."""

    def __init__(self, limits: PublicationLimits = LIMITS, about: Mapping[str, str] | None = None) -> None:
        self.clock = LoopClock(BEGAN)
        self.store = MemoryStore()
        self.server = MemoryServer(self.clock)
        self.limits = limits
        self.about = about or {}
        self.journal: MemoryJournal
        self.recorder: Recorder
        self.kernel: Kernel
        self.publication: Publication
        self.root: Root
        self.troubles: list[str] = []

    async def start(self) -> None:
        """A process begins: it resumes from the store and publishes."""
        await self.start_without_publishing()
        streams = MemoryStreams(self.server)
        gate = Gate(streams=streams, recorder=self.recorder, owner=Owner(self.store.identity.journal_id, "process 1"))
        self.publication = Publication(
            streams=streams, recorder=self.recorder, gate=gate, limits=self.limits, about=lambda: self.about
        )
        self.root = self.kernel.roots.start(
            "publication", self.publication.run, owner="publication", policy=RESTART, essential=False, finishes=True
        )

    async def start_without_publishing(self) -> None:
        """A process that has resumed, and nothing else."""
        self.journal = MemoryJournal(self.store, self.clock)
        resumed = await resume(self.journal)
        self.recorder = Recorder(
            self.journal,
            resumed.state,
            self.clock,
            group_events_max=100,
            snapshot_every_events=1_000_000,
            encode_state=encode_state,
        )
        self.kernel = Kernel(
            on_event=lambda kind, name, detail: self.troubles.append(f"{kind} {name}: {detail}"), jitter=lambda: 1.0
        )
        self.recorder.attach(self.kernel)

    async def record(self, *events: Event) -> list[Recorded]:
        """Make the events durable."""
        return await self.recorder.record("tester", events)

    async def record_published(self, events: Sequence[Event]) -> None:
        """Make the events durable and wait until they are published."""
        recorded = await self.record(*events)
        await self.publication.wait_published(recorded[-1].sequence)

    async def stop(self, ask_s: float = 10) -> None:
        """The process ends in good order."""
        await self.kernel.stop(ask_s=ask_s, cancel_s=1)

    async def die(self) -> None:
        """The process is killed: its task is taken away at whatever it awaits."""
        assert self.root.task is not None
        await self.kernel.stop(ask_s=0, cancel_s=0.1)
        self.store.fence()

    def sequences(self, stream: str) -> list[int]:
        """The sequence numbers in a stream, strangers' entries left out."""
        entries = self.server.entries(stream)
        return [int(entry.fields["sequence"]) for entry in entries if "sequence" in entry.fields]

    def expected(self, stream: str) -> list[int]:
        """The sequence numbers that the journal wants to be in a stream."""
        return [
            stored.sequence
            for stored in self.store.events
            if entry_for(stream, stored.recorded(), self.store.identity.journal_id) is not None
        ]

    def differing(self) -> dict[str, Any]:
        """The streams that do not hold each entry of the journal exactly once, in order; {} when all do."""
        return {
            name: (self.expected(name), self.sequences(name))
            for name in ("events", "mrr", "replies", "rejected")
            if self.expected(name) != self.sequences(name)
        }


def with_limits(**changed: Any) -> PublicationLimits:
    """The usual limits with some changed."""
    return msgspec.structs.replace(LIMITS, **changed)
