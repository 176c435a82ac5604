"""The journal in memory is a journal, and it dies as a process dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given

from adapters.memory_journal import MemoryJournal, MemoryStore
from machines.ports.journal import JournalRefusedError, PaymentSeen, Proposal, Snapshot
from tests.contracts.journal import (
    GROUPS,
    JournalContract,
    JournalHarness,
    SetClock,
    entry_ids,
    everything,
    proposal,
    read_after_restart,
)


class CrashError(BaseException):
    """The simulated death of the process."""


def crash(_group: Sequence[Proposal]) -> None:
    """Die here."""
    raise CrashError


def refuse(_group: Sequence[Proposal]) -> None:
    """There is no room."""
    raise JournalRefusedError("no room")


class MemoryHarness(JournalHarness):
    """One store."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.store = MemoryStore()

    async def open(self) -> MemoryJournal:
        """A journal on the one store."""
        return MemoryJournal(self.store, self.clock)

    async def refuse_writes(self, journal: MemoryJournal) -> None:
        """Refuse before anything is written."""
        journal.before_append = refuse

    async def allow_writes(self, journal: MemoryJournal) -> None:
        """Take groups again."""
        journal.before_append = None


class TestMemoryJournal(JournalContract):
    """The contract in memory."""

    @pytest.fixture
    def harness(self) -> MemoryHarness:
        """A store of its own."""
        return MemoryHarness()


async def test_a_crash_before_the_write_leaves_nothing_of_the_group() -> None:
    """Death just before: events and payments are both missing afterwards."""
    store, clock = MemoryStore(), SetClock()
    with pytest.raises(CrashError):
        await MemoryJournal(store, clock, before_append=crash).append(
            [proposal("a")], [PaymentSeen("p", b"", counted=True)]
        )
    journal = MemoryJournal(store, clock)
    assert journal.last_sequence == 0
    assert await journal.payments_seen(["p"]) == {}


async def test_a_crash_after_the_write_leaves_the_whole_group() -> None:
    """Death just after: nobody was told, and all of it is there."""
    store, clock = MemoryStore(), SetClock()
    with pytest.raises(CrashError):
        await MemoryJournal(store, clock, after_append=crash).append(
            [proposal("a"), proposal("b")], [PaymentSeen("p", b"", counted=True)]
        )
    journal = MemoryJournal(store, clock)
    assert entry_ids(await everything(journal)) == ["a", "b"]
    assert list(await journal.payments_seen(["p"])) == ["p"]


async def test_everybody_who_waits_dies_with_the_process() -> None:
    """Groups behind the one that died are not written, and their callers are not told that they were."""
    store, clock = MemoryStore(), SetClock()
    journal = MemoryJournal(store, clock, after_append=crash)
    callers = [asyncio.ensure_future(journal.append([proposal(str(index))])) for index in range(3)]
    done, _ = await asyncio.wait(callers)
    assert [type(caller.exception()) for caller in callers] == [CrashError] * 3
    assert len(done) == 3
    assert entry_ids(await everything(MemoryJournal(store, clock))) == ["0"]


async def test_a_dead_process_writes_nothing_more() -> None:
    """Once another journal holds the store, the old one is refused."""
    store, clock = MemoryStore(), SetClock()
    old = MemoryJournal(store, clock)
    await old.append([proposal("a")])
    new = MemoryJournal(store, clock)
    with pytest.raises(JournalRefusedError):
        await old.append([proposal("b")])
    with pytest.raises(JournalRefusedError):
        await old.write_snapshot(Snapshot(1, b""))
    with pytest.raises(JournalRefusedError):
        await old.forget_customer(b"c")
    assert new.last_sequence == 1


async def test_others_run_before_and_after_the_write() -> None:
    """Appending lets others run on both sides of the moment of durability, so that a seed can interleave them."""
    seen: list[int] = []
    journal = MemoryJournal(MemoryStore(), SetClock())
    caller = asyncio.ensure_future(journal.append([proposal("a")]))
    while not caller.done():
        seen.append(journal.last_sequence)
        await asyncio.sleep(0)
    assert {0, 1} == set(seen)


@given(GROUPS)
def test_any_groups_come_back_in_order(groups: list[list[str]]) -> None:
    """Whatever the texts and sizes, after a restart the journal holds exactly these events."""
    found = asyncio.run(read_after_restart(MemoryHarness(), groups))
    assert found == [text for group in groups for text in group]
