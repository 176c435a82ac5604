"""What a standby folds while it waits is what a cold start would fold."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

import daemon.resume
import machines.state.whole
from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.leading import following
from daemon.leading.following import Following
from daemon.resume import encode_state, resume
from machines.events import Recorded
from machines.ports.journal import Journal, JournalDamagedError, JournalIdentity, Proposal
from machines.state.whole import State, fold
from tests.contracts.journal import START, SetClock
from tests.fixtures.event_samples import one_of_each


async def grown(store: MemoryStore, *, events: Sequence[Any]) -> MemoryJournal:
    """A journal with these events appended."""
    journal = MemoryJournal(store, SetClock())
    await journal.append([Proposal(event, "test", START) for event in events])
    return journal


class Watching:
    """A following standby over a store, run until it has read what is there."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.reader: type[Reader] = Reader
        self.following = Following(self._open, 0.001)

    async def catch_up(self) -> None:
        """Run until everything is folded, then end it."""
        await self.run_until(lambda: self.following.folded_sequence >= len(self.store.events))

    async def run_until(self, enough: Callable[[], bool]) -> None:
        """Run until it is enough, then end it."""
        root = _Root(enough)
        with suppress(asyncio.CancelledError):
            await self.following.run(root)  # type: ignore[arg-type]

    async def _open(self) -> Journal:
        return self.reader(self.store)


class Full:
    """A disk without room, for so many openings."""

    def __init__(self, watching: Watching, times: int) -> None:
        self.watching, self.times = watching, times
        self.said: list[str] = []

    async def open(self) -> Journal:
        """As noting where the journal is does."""
        self.said.append(self.watching.following.away)
        if self.times:
            self.times -= 1
            raise OSError(errno.ENOSPC, "No space left on device", "journal.json.new")
        return Reader(self.watching.store)


class _Root:
    """Ends the run, as a kernel does, once enough is folded."""

    def __init__(self, enough: Callable[[], bool]) -> None:
        self._enough = enough

    def beat(self) -> None:
        """At each round."""
        if self._enough():
            raise asyncio.CancelledError


class Reader(MemoryJournal):
    """Opened for reading: it fences nobody."""

    def __init__(self, store: MemoryStore) -> None:
        holder = store.holder
        super().__init__(store, SetClock())
        store.holder = holder

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Any]:
        """As a real journal."""
        async for each in super().read(after, limit):
            yield each


class Gapped(Reader):
    """Some of its events are gone."""

    async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Any]:
        """What is there."""
        for stored in self.store.events:
            if stored.sequence > after:
                yield stored.recorded()


def foldable() -> list[Any]:
    """One of each event that can be folded on those before it."""
    state, taken = State(), []
    for event in one_of_each():
        trial = msgspec.msgpack.decode(encode_state(state), type=State)
        with suppress(Exception):
            fold(trial, Recorded(len(taken) + 1, START, START, "test", None, event))
            state = trial
            taken.append(event)
    assert len(taken) > 20
    return taken


async def test_the_warm_state_is_the_cold_one() -> None:
    """Half followed while it was written and half folded at the takeover gives the bytes of a cold resume."""
    store, events = MemoryStore(), foldable()
    watching = Watching(store)
    await grown(store, events=events[: len(events) // 2])
    await watching.catch_up()
    journal = await grown(store, events=events[len(events) // 2 :])
    warm = await watching.following.state_for(journal)
    assert warm is not None
    assert len(events) // 2 == warm.sequence
    resumed = await resume(journal, warm=warm)
    assert encode_state((await resume(journal)).state) == encode_state(resumed.state)
    assert len(events) - len(events) // 2 == resumed.folded_events


async def test_another_journal_is_begun_anew() -> None:
    """After a restore, which begins another epoch, nothing that was folded before is used."""
    store, events = MemoryStore(), foldable()
    watching = Watching(store)
    journal = await grown(store, events=events[:4])
    await watching.catch_up()
    assert await watching.following.state_for(journal) is not None
    store.identity = JournalIdentity(store.identity.journal_id, 2)
    assert await watching.following.state_for(journal) is None


async def test_a_gap_is_never_folded_over() -> None:
    """A journal whose next event is not the next one of the state is damaged, with whatever state one begins."""
    store, events = MemoryStore(), foldable()
    journal = await grown(store, events=events[:6])
    warm = (await resume(journal)).state
    await grown(store, events=events[6:9])
    del store.events[6:8]
    for state in (None, warm):
        with pytest.raises(JournalDamagedError, match="after event 6, and the next event in the journal is 9"):
            await resume(Gapped(store), warm=state)


async def test_a_standby_folds_over_no_gap() -> None:
    """Where the event it stands on is there and the next one is not, it says so and has no state to lead with."""
    store, events = MemoryStore(), foldable()
    watching = Watching(store)
    await grown(store, events=events[:6])
    await watching.catch_up()
    await grown(store, events=events[6:9])
    del store.events[6:8]
    watching.reader = Gapped
    await watching.run_until(lambda: watching.following.unreadable != "" or watching.following.folded_sequence > 6)
    assert watching.following.state is None
    assert "the next event in the journal is 9" in watching.following.unreadable


async def test_events_that_were_lost_are_forgotten() -> None:
    """A store that failed over to a copy that was behind, and went on, does not lead to a state of two histories."""
    store, events = MemoryStore(), foldable()
    watching = Watching(store)
    await grown(store, events=events[:4])
    await watching.catch_up()
    del store.events[3:]
    assert await watching.following.state_for(Reader(store)) is None
    journal = await grown(store, events=[events[0]])
    assert await watching.following.state_for(journal) is None


async def test_an_error_of_the_system_ends_no_following(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told and waited for: without a follower there is no standby."""
    monkeypatch.setattr(following, "AGAIN_S", 0.001)
    store, events = MemoryStore(), foldable()
    await grown(store, events=events[:4])
    watching = Watching(store)
    full = Full(watching, times=3)
    watching.following = Following(full.open, 0.001)
    await watching.catch_up()
    assert ["", *3 * ["[Errno 28] No space left on device: 'journal.json.new'"]] == full.said
    assert 4 == watching.following.folded_sequence


async def test_what_was_folded_half_way_is_folded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever event memory ran out at: a state that holds half of it would be handed to the take-over."""
    events = foldable()
    whole = machines.state.whole.fold_notifications
    for number in range(1, len(events)):
        store = MemoryStore()
        watching = Watching(store)
        await grown(store, events=events[:number])
        await watching.catch_up()
        journal = await grown(store, events=events[number:])
        with monkeypatch.context() as patched:
            patched.setattr(machines.state.whole, "fold_notifications", without_memory)
            with pytest.raises(MemoryError):
                await watching.catch_up()
        assert whole is machines.state.whole.fold_notifications
        await watching.catch_up()  # as the kernel runs the root again

        warm = await watching.following.state_for(journal)
        assert warm is not None
        assert encode_state((await resume(journal)).state) == encode_state(warm)


async def test_an_event_that_cannot_be_folded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at a cold start: which one, how far it was folded, and that it is no fault of the journal.

    The journal is not folded anew each second: that helps only when the leader has kept a snapshot beyond the event.
    """
    events = foldable()
    store = MemoryStore()
    watching = Watching(store)
    await grown(store, events=events[:4])
    await watching.catch_up()
    await grown(store, events=events[4:])
    loads = counted_loads(watching, monkeypatch)
    monkeypatch.setattr(daemon.resume, "fold", without_a_key)
    monkeypatch.setattr(following, "AGAIN_S", 0.0)
    rounds = iter(range(following.NOT_FOLDABLE_ROUNDS))
    with capture_logs() as lines:
        await watching.run_until(lambda: watching.following.unreadable != "" and next(rounds, None) is None)

    assert [] == loads
    assert [4] == [line["folded_sequence"] for line in lines if line["event"] == "standby_cannot_read"]
    assert "the event 5 (" in watching.following.unreadable
    assert "That is a defect of solvent and none of the journal" in watching.following.unreadable


def counted_loads(watching: Watching, monkeypatch: pytest.MonkeyPatch) -> list[Journal]:
    """The journals that are folded from their newest snapshot on from now on."""
    loads: list[Journal] = []
    load = watching.following._load

    async def counted(root: Any, journal: Journal) -> None:
        loads.append(journal)
        await load(root, journal)

    monkeypatch.setattr(watching.following, "_load", counted)
    return loads


def without_memory(*_: object) -> None:
    """As a machine that gives none."""
    raise MemoryError


def without_a_key(*_: object) -> None:
    """As an event that this version misunderstands."""
    raise KeyError("a key")
