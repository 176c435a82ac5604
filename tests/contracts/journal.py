"""What every journal must do. A journal's own tests subclass `JournalContract` and give it a `harness` fixture."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from typing import Any

import pytest
from hypothesis import strategies as st

from config.instants import DAY, SECOND, Instant
from machines.events import CommandAnswered, EntryRejected, Recorded
from machines.ports.journal import JournalRefusedError, PaymentSeen, Proposal, Snapshot

START: Instant = 1_704_067_200 * SECOND


class SetClock:
    """A clock that stands where the test puts it."""

    def __init__(self, now: Instant = START) -> None:
        self.now = now

    def wall(self) -> Instant:
        """The instant that was set."""
        return self.now

    def monotonic_s(self) -> float:
        """The same in seconds."""
        return self.now / SECOND

    async def sleep(self, _seconds: float) -> None:
        """Let the others run."""
        await asyncio.sleep(0)


class JournalHarness(ABC):
    """How the contract opens a journal, again and again on the same store, and makes its store refuse."""

    clock: SetClock

    @abstractmethod
    async def open(self) -> Any:
        """A journal on the harness's one store."""

    @abstractmethod
    async def refuse_writes(self, journal: Any) -> None:
        """From now on the store has no room."""

    @abstractmethod
    async def allow_writes(self, journal: Any) -> None:
        """The store has room again."""


def proposal(text: str, *, size: int = 0, cause: int | None = None) -> Proposal:
    """A proposal that can be told from others by its text, `size` characters larger than needed."""
    return Proposal(EntryRejected("payments", text, "amount", "not a number", "x" * size), "revenue", START, cause)


def large_state(megabytes: int) -> bytes:
    """So many megabytes that pack to half, no two parts of which are the same."""
    return (random.Random(megabytes).randbytes(65_521).hex().encode() * 9 * megabytes)[: megabytes << 20]


def entry_ids(events: list[Recorded]) -> list[str]:
    """The texts of proposals, in the order of the journal."""
    return [recorded.event.entry_id for recorded in events if isinstance(recorded.event, EntryRejected)]


async def everything(journal: Any, after: int = 0, limit: int | None = None) -> list[Recorded]:
    """All that the journal reads out."""
    return [recorded async for recorded in journal.read(after, limit)]


async def outlive_retention(journal: Any, clock: SetClock) -> list[Recorded]:
    """Sixty days where thirty are kept: what both snapshots cover goes, whole groups only; the events that stay."""
    for day in range(60):
        clock.now = START + day * DAY
        await journal.append([proposal(f"{day}.0"), proposal(f"{day}.1")])
    await journal.write_snapshot(Snapshot(51, b"older"))
    assert (await everything(journal))[0].sequence == 51
    await journal.write_snapshot(Snapshot(120, b"newer"))
    events = await everything(journal)
    assert (events[0].sequence, events[-1].sequence) == (51, 120)
    return events


class JournalContract:
    """The facts; each test is one."""

    async def test_a_new_journal_is_empty(self, harness: JournalHarness) -> None:
        """A new journal has no events, no payments and no snapshot, and its epoch is 1."""
        journal = await harness.open()
        assert journal.last_sequence == 0
        assert await everything(journal) == []
        assert await journal.payments_seen(["p1"]) == {}
        assert await journal.newest_snapshot() is None
        assert journal.identity.epoch == 1
        await journal.close()

    async def test_appended_events_are_numbered_without_gaps_and_read_back_as_returned(
        self, harness: JournalHarness
    ) -> None:
        """What `append` returns is what `read` shows, numbered from 1."""
        journal = await harness.open()
        returned = await journal.append([proposal("a"), proposal("b")])
        returned += await journal.append([proposal("c", cause=1)])
        assert [each.sequence for each in returned] == [1, 2, 3]
        assert await everything(journal) == returned
        assert returned[2].cause == 1
        assert returned[2].event == proposal("c").event
        assert journal.last_sequence == 3
        await journal.close()

    async def test_recorded_time_never_falls(self, harness: JournalHarness) -> None:
        """A clock set back does not set the journal back; the effective time stays as it was given."""
        journal = await harness.open()
        first = await journal.append([proposal("a")])
        harness.clock.now = START - 86_400 * SECOND
        second = await journal.append([proposal("b")])
        harness.clock.now = START + SECOND
        third = await journal.append([proposal("c")])
        assert [each.recorded_at for each in first + second + third] == [START, START, START + SECOND]
        assert second[0].effective_at == START
        await journal.close()

    async def test_recorded_time_does_not_fall_across_a_restart(self, harness: JournalHarness) -> None:
        """The journal remembers its last recorded time."""
        journal = await harness.open()
        await journal.append([proposal("a")])
        await journal.close()
        harness.clock.now = START - SECOND
        journal = await harness.open()
        assert (await journal.append([proposal("b")]))[0].recorded_at == START
        await journal.close()

    async def test_groups_are_numbered_in_the_order_of_the_calls(self, harness: JournalHarness) -> None:
        """Callers at the same time get places in the order in which they called."""
        journal = await harness.open()
        groups = [[proposal(f"{index}.{part}") for part in range(index % 3 + 1)] for index in range(60)]
        answers = await asyncio.gather(*(journal.append(group) for group in groups))
        expected = [each.event.entry_id for group in groups for each in group]
        assert entry_ids([each for answer in answers for each in answer]) == expected
        assert entry_ids(await everything(journal)) == expected
        await journal.close()

    async def test_a_group_of_nothing_moves_nothing(self, harness: JournalHarness) -> None:
        """An empty group is answered with nothing."""
        journal = await harness.open()
        assert await journal.append([]) == []
        assert journal.last_sequence == 0
        await journal.close()

    async def test_payments_are_remembered_by_id_and_replaced(self, harness: JournalHarness) -> None:
        """The newest statement of an id stands; ids never seen are missing."""
        journal = await harness.open()
        await journal.append(
            [proposal("a")], [PaymentSeen("p1", b"1", counted=False), PaymentSeen("p2", b"2", counted=True)]
        )
        await journal.append([proposal("b")], [PaymentSeen("p1", b"3", counted=True, customer_hash=b"c")])
        assert await journal.payments_seen(["p1", "p2", "p3"]) == {
            "p1": PaymentSeen("p1", b"3", counted=True, customer_hash=b"c"),
            "p2": PaymentSeen("p2", b"2", counted=True),
        }
        await journal.close()

    async def test_thousands_of_payments_are_looked_up_at_once(self, harness: JournalHarness) -> None:
        """A look-up has no limit of its own."""
        journal = await harness.open()
        seen = [PaymentSeen(f"p{index}", b"f", counted=True) for index in range(2_500)]
        await journal.append([proposal("a")], seen)
        asked = [f"p{index}" for index in range(1_000, 4_000)]
        assert list(await journal.payments_seen(asked)) == [f"p{index}" for index in range(1_000, 2_500)]
        await journal.close()

    async def test_all_is_there_after_a_restart(self, harness: JournalHarness) -> None:
        """Events, payments, snapshot, identity and customer key outlive the process."""
        journal = await harness.open()
        before = await journal.append([proposal("a"), proposal("b")], [PaymentSeen("p1", b"1", counted=True)])
        await journal.write_snapshot(Snapshot(2, b"state"))
        identity, key = journal.identity, journal.customer_key
        await journal.close()
        journal = await harness.open()
        assert await everything(journal) == before
        assert await journal.payments_seen(["p1"]) == {"p1": PaymentSeen("p1", b"1", counted=True)}
        assert await journal.newest_snapshot() == Snapshot(2, b"state")
        assert (journal.identity, journal.customer_key, journal.last_sequence) == (identity, key, 2)
        assert [each.sequence for each in await journal.append([proposal("c")])] == [3]
        await journal.close()

    async def test_reading_starts_after_a_number_and_stops_at_a_limit(self, harness: JournalHarness) -> None:
        """`after` is exclusive; `limit` counts events."""
        journal = await harness.open()
        await journal.append([proposal(str(index)) for index in range(1, 31)])
        assert [each.sequence for each in await everything(journal, after=27)] == [28, 29, 30]
        assert [each.sequence for each in await everything(journal, after=3, limit=4)] == [4, 5, 6, 7]
        assert await everything(journal, after=3, limit=0) == []
        assert await everything(journal, after=30) == []
        await journal.close()

    async def test_the_newest_snapshot_wins(self, harness: JournalHarness) -> None:
        """Snapshots replace each other by their sequence number."""
        journal = await harness.open()
        await journal.append([proposal(str(index)) for index in range(5)])
        for sequence in (1, 3, 5, 5):
            await journal.write_snapshot(Snapshot(sequence, b"state %d" % sequence))
        assert await journal.newest_snapshot() == Snapshot(5, b"state 5")
        await journal.close()

    async def test_a_large_state_is_kept_whole(self, harness: JournalHarness) -> None:
        """Many megabytes, as of a shop with years of customers, come back as they were, also after a restart."""
        journal = await harness.open()
        await journal.append([proposal("a")])
        state = large_state(48)
        await journal.write_snapshot(Snapshot(1, state))
        assert await journal.newest_snapshot() == Snapshot(1, state)
        await journal.close()
        journal = await harness.open()
        assert await journal.newest_snapshot() == Snapshot(1, state)
        await journal.close()

    async def test_a_snapshot_of_what_is_not_there_is_refused(self, harness: JournalHarness) -> None:
        """A snapshot ahead of the journal would hide events still to come."""
        journal = await harness.open()
        await journal.append([proposal("a")])
        with pytest.raises(ValueError, match="snapshot of event 2"):
            await journal.write_snapshot(Snapshot(2, b"state"))
        assert await journal.newest_snapshot() is None
        await journal.close()

    async def test_a_refused_group_leaves_nothing_and_the_next_is_taken(self, harness: JournalHarness) -> None:
        """No room: refused whole, with its payments, without a gap; with room again the journal works on."""
        journal = await harness.open()
        await journal.append([proposal("before")])
        await harness.refuse_writes(journal)
        with pytest.raises(JournalRefusedError):
            await journal.append(
                [proposal("small"), proposal("large", size=400_000)], [PaymentSeen("p1", b"", counted=True)]
            )
        assert journal.last_sequence == 1
        assert await journal.payments_seen(["p1"]) == {}
        await harness.allow_writes(journal)
        await journal.append([proposal("after", size=400_000)])
        assert entry_ids(await everything(journal)) == ["before", "after"]
        assert journal.last_sequence == 2
        await journal.close()

    async def test_an_event_that_cannot_be_encoded_fails_alone(self, harness: JournalHarness) -> None:
        """The caller's own mistake is the caller's error; its neighbours are written."""
        journal = await harness.open()
        answers = await asyncio.gather(
            journal.append([proposal("a")]),
            journal.append([proposal("fine"), proposal("\ud800")]),
            journal.append([proposal("b")]),
            return_exceptions=True,
        )
        assert isinstance(answers[1], ValueError)
        assert entry_ids(await everything(journal)) == ["a", "b"]
        await journal.close()

    async def test_a_cancelled_caller_does_not_stop_the_write(self, harness: JournalHarness) -> None:
        """What was handed over is written though nobody waits for it any more."""
        journal = await harness.open()
        caller = asyncio.ensure_future(journal.append([proposal("a"), proposal("b")]))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await journal.append([proposal("c")])
        assert entry_ids(await everything(journal)) == ["a", "b", "c"]
        await journal.close()

    async def test_closing_finishes_what_was_accepted(self, harness: JournalHarness) -> None:
        """Groups handed over before `close` are durable and answered; later ones are refused."""
        journal = await harness.open()
        callers = [asyncio.ensure_future(journal.append([proposal(str(index))])) for index in range(20)]
        await asyncio.sleep(0)
        await journal.close()
        answers = await asyncio.gather(*callers)
        assert [answer[0].sequence for answer in answers] == list(range(1, 21))
        with pytest.raises(JournalRefusedError):
            await journal.append([proposal("late")])
        journal = await harness.open()
        assert journal.last_sequence == 20
        await journal.close()

    async def test_a_customer_can_be_forgotten(self, harness: JournalHarness) -> None:
        """The hash goes from every payment that carried it; the payments stay counted."""
        journal = await harness.open()
        of_one = [PaymentSeen(f"p{index}", b"f", counted=True, customer_hash=b"one") for index in range(3)]
        of_two = PaymentSeen("q", b"f", counted=True, customer_hash=b"two")
        await journal.append([proposal("a")], [*of_one, of_two])
        assert await journal.forget_customer(b"one") == 3
        assert await journal.payments_seen(["p1", "q"]) == {"p1": PaymentSeen("p1", b"f", counted=True), "q": of_two}
        assert await journal.forget_customer(b"one") == 0
        await journal.close()

    async def test_forgetting_nobody_forgets_nobody(self, harness: JournalHarness) -> None:
        """The empty hash is no customer."""
        journal = await harness.open()
        await journal.append([proposal("a")], [PaymentSeen("p", b"f", counted=True)])
        assert await journal.forget_customer(b"") == 0
        await journal.close()


GROUPS = st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=4), max_size=8)
"""Any groups of any texts."""


async def read_after_restart(harness: JournalHarness, groups: list[list[str]]) -> list[str]:
    """Append the groups, restart, and read the texts back, each from its event and from its actor."""
    journal = await harness.open()
    for group in groups:
        answers = [CommandAnswered("commands", text, "pin", "done", "") for text in group]
        await journal.append([Proposal(answer, answer.entry_id, START) for answer in answers])
    await journal.close()
    journal = await harness.open()
    found = await everything(journal)
    await journal.close()
    assert [each.actor for each in found] == [getattr(each.event, "entry_id", None) for each in found]
    assert journal.last_sequence == len(found)
    return [each.actor for each in found]
