"""What every implementation of the port `Streams` must do.

Subclass `StreamsContract` and give it a fixture `subject`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

import pytest

from machines.ports.streams import START, Entry, Outgoing, Owner, StreamFacts, Streams


class StreamsSubject(Protocol):
    """An implementation on an empty server, and the hands of a stranger on the same server."""

    streams: Streams

    def another(self) -> Streams:
        """A second connection to the same instance."""
        ...

    async def add(self, stream: str, fields: Mapping[str, str], entry_id: str = "*") -> str:
        """`XADD` by anybody."""
        ...

    async def delete(self, stream: str) -> None:
        """`DEL` of a stream."""
        ...

    async def hash_fields(self, name: str) -> dict[str, str]:
        """`HGETALL`."""
        ...


def outgoing(*numbers: int) -> list[Outgoing]:
    """Entries with ids `<number>-1` and the number as their field `n`."""
    return [Outgoing(id=f"{number}-1", fields={"n": str(number)}) for number in numbers]


async def numbers_in(streams: Streams, stream: str, after: str = START) -> list[int]:
    """The field `n` of every entry after a cursor."""
    found = await streams.read({stream: after}, 100_000, 0)
    return [int(entry.fields["n"]) for entry in found.get(stream, [])]


class StreamsContract:
    """The facts of the port, one a test."""

    async def test_a_missing_stream_shows_as_absent(self, subject: StreamsSubject) -> None:
        """Facts of a stream that is not there: absent, last id 0-0; only the start counts as a cursor still held."""
        assert await subject.streams.facts("payments", START) == StreamFacts(False, START, True)
        assert await subject.streams.facts("payments", "5-1") == StreamFacts(False, START, False)

    async def test_facts_see_the_cursor_entry(self, subject: StreamsSubject) -> None:
        """Facts tell the last id, whether the entry at the cursor is still held, and whether one before it is."""
        await subject.add("payments", {"n": "1"}, "5-1")
        await subject.add("payments", {"n": "2"}, "7-0")
        assert await subject.streams.facts("payments", "5-1") == StreamFacts(True, "7-0", True)
        assert await subject.streams.facts("payments", "6-0") == StreamFacts(True, "7-0", False, True)
        assert await subject.streams.facts("payments", "7-0") == StreamFacts(True, "7-0", True, True)
        assert await subject.streams.facts("payments", "4-0") == StreamFacts(True, "7-0", False, False)
        assert await subject.streams.facts("payments", START) == StreamFacts(True, "7-0", True)

    async def test_the_last_id_outlives_its_entry(self, subject: StreamsSubject) -> None:
        """Trimming everything away leaves the last generated id as it was."""
        await subject.add("payments", {"n": "1"}, "5-1")
        await subject.streams.trim_before("payments", "9-0")
        assert await subject.streams.facts("payments", "5-1") == StreamFacts(True, "5-1", False)
        assert await subject.streams.last_entry("payments") is None

    async def test_a_replaced_stream_shows_a_lower_last_id(self, subject: StreamsSubject) -> None:
        """After a stream was deleted and begun anew, its last id lies below the old cursor."""
        await subject.add("payments", {"n": "1"}, "50-1")
        await subject.delete("payments")
        await subject.add("payments", {"n": "1"}, "7-0")
        assert await subject.streams.facts("payments", "50-1") == StreamFacts(True, "7-0", False, True)

    async def test_reading_goes_on_after_the_cursor(self, subject: StreamsSubject) -> None:
        """Entries come in the order of their ids, from after the cursor, with all their fields."""
        for number in (2, 9, 10):
            await subject.add("payments", {"n": str(number), "currency": "€"}, f"{number}-0")
        expected = [Entry("9-0", {"n": "9", "currency": "€"}), Entry("10-0", {"n": "10", "currency": "€"})]
        assert await subject.streams.read({"payments": "2-0"}, 10, 0) == {"payments": expected}

    async def test_reading_takes_at_most_the_entries_asked(self, subject: StreamsSubject) -> None:
        """`entries_max` bounds each stream."""
        await subject.streams.publish("payments", outgoing(1, 2, 3), 100)
        await subject.streams.publish("commands", outgoing(4, 5, 6), 100)
        found = await subject.streams.read({"payments": START, "commands": START}, 2, 0)
        assert {name: [entry.id for entry in entries] for name, entries in found.items()} == {
            "payments": ["1-1", "2-1"],
            "commands": ["4-1", "5-1"],
        }

    async def test_streams_without_news_are_left_out(self, subject: StreamsSubject) -> None:
        """A read of several streams names only those with entries; no cursors read nothing."""
        await subject.streams.publish("payments", outgoing(1), 100)
        found = await subject.streams.read({"payments": START, "commands": START}, 10, 0)
        assert list(found) == ["payments"]
        assert await subject.streams.read({}, 10, 1_000) == {}

    async def test_a_read_that_waits_in_vain_is_empty(self, subject: StreamsSubject) -> None:
        """After `block_ms` without an entry the answer is {}."""
        assert await subject.streams.read({"payments": START}, 10, 20) == {}

    async def test_a_blocked_read_wakes_for_an_entry(self, subject: StreamsSubject) -> None:
        """An entry added while a read waits ends the wait."""
        async with asyncio.timeout(10):
            reading = asyncio.ensure_future(_read_until_found(subject.streams, "payments"))
            await asyncio.sleep(0)
            entry_id = await subject.add("payments", {"n": "1"})
            assert await reading == [Entry(entry_id, {"n": "1"})]

    @pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 300])
    async def test_a_cancelled_read_takes_nothing_with_it(self, subject: StreamsSubject, turns: int) -> None:
        """Cancelled at any turn, a read ends so, and the same connection reads the entry that came next."""
        async with asyncio.timeout(10):
            reading = asyncio.ensure_future(subject.streams.read({"payments": START}, 10, 60_000))
            for _ in range(turns):
                await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            entry_id = await subject.add("payments", {"n": "1"})
            expected = {"payments": [Entry(entry_id, {"n": "1"})]}
            assert await subject.streams.read({"payments": START}, 10, 0) == expected

    async def test_a_cancelled_publication_leaves_the_connection_usable(self, subject: StreamsSubject) -> None:
        """Cancelled at any turn, a publication happened whole or not at all, and later calls get their own replies."""
        for turns in range(40):
            publishing = asyncio.ensure_future(subject.streams.publish(f"events{turns}", outgoing(1, 2), 100))
            for _ in range(turns):
                await asyncio.sleep(0)
            publishing.cancel()
            await asyncio.wait([publishing])
            assert await numbers_in(subject.streams, f"events{turns}") in ([], [1, 2])
            assert await subject.streams.publish(f"later{turns}", outgoing(3), 100) == 1
            assert await subject.streams.last_entry(f"later{turns}") == Entry("3-1", {"n": "3"})

    async def test_publishing_appends_in_order(self, subject: StreamsSubject) -> None:
        """All entries arrive under their own ids, and the newest is the last entry."""
        assert await subject.streams.publish("events", outgoing(3, 5, 20), 1_000) == 3
        assert await numbers_in(subject.streams, "events") == [3, 5, 20]
        assert await subject.streams.last_entry("events") == Entry("20-1", {"n": "20"})

    async def test_publishing_nothing_does_nothing(self, subject: StreamsSubject) -> None:
        """No entries: 0 appended, and no stream made."""
        assert await subject.streams.publish("events", [], 1_000) == 0
        assert not (await subject.streams.facts("events", START)).exists

    async def test_publishing_twice_is_refused_whole(self, subject: StreamsSubject) -> None:
        """Entries that were published already are refused, also when later ones among them are new: no holes."""
        await subject.streams.publish("events", outgoing(1, 2, 3), 1_000)
        assert await subject.streams.publish("events", outgoing(2, 3, 4), 1_000) == 0
        assert await numbers_in(subject.streams, "events") == [1, 2, 3]

    async def test_a_strangers_later_entry_refuses_all(self, subject: StreamsSubject) -> None:
        """A stranger's id among ours refuses the whole group, rather than leave a hole before it."""
        await subject.add("events", {"n": "2"}, "2-5")
        assert await subject.streams.publish("events", outgoing(1, 2, 3), 1_000) == 0
        assert await subject.streams.last_entry("events") == Entry("2-5", {"n": "2"})

    async def test_ids_compare_as_numbers(self, subject: StreamsSubject) -> None:
        """10-1 comes after 9-1, whatever their texts say."""
        await subject.streams.publish("events", outgoing(9), 1_000)
        assert await subject.streams.publish("events", outgoing(10), 1_000) == 1

    async def test_a_trimmed_stream_still_refuses_old_ids(self, subject: StreamsSubject) -> None:
        """An id below the last generated one is refused even after its entry is gone."""
        await subject.streams.publish("events", outgoing(8), 1_000)
        await subject.streams.trim_before("events", "9-0")
        assert await subject.streams.publish("events", outgoing(7), 1_000) == 0

    async def test_ids_that_do_not_rise_are_a_mistake(self, subject: StreamsSubject) -> None:
        """The caller hears of it before anything is written."""
        with pytest.raises(ValueError, match="expected rising entry ids, found 2-1 after 3-1"):
            await subject.streams.publish("events", outgoing(1, 3, 2), 1_000)
        assert await numbers_in(subject.streams, "events") == []

    async def test_publishing_keeps_about_the_newest(self, subject: StreamsSubject) -> None:
        """At least `entries_max` newest entries stay, and not many more than that."""
        for first in range(1, 1_001, 100):
            await subject.streams.publish("events", outgoing(*range(first, first + 100)), 150)
        kept = await numbers_in(subject.streams, "events")
        assert kept == list(range(kept[0], 1_001))
        assert 150 <= len(kept) <= 350

    async def test_hashes_are_replaced_whole(self, subject: StreamsSubject) -> None:
        """Fields that are not given again are gone; an empty mapping removes the hash; others stay."""
        await subject.streams.write_hashes({"component:a": {"state": "HOT", "since": "1"}, "component:b": {"x": "1"}})
        await subject.streams.write_hashes({"component:a": {"state": "COLD"}, "component:c": {"x": "2"}})
        await subject.streams.write_hashes({"component:b": {}})
        assert await subject.hash_fields("component:a") == {"state": "COLD"}
        assert await subject.hash_fields("component:b") == {}
        assert await subject.hash_fields("component:c") == {"x": "2"}
        await subject.streams.write_hashes({})

    async def test_trimming_keeps_the_cursors_own_entry(self, subject: StreamsSubject) -> None:
        """Exactly the entries before the cursor go; a missing stream is no error."""
        await subject.streams.publish("payments", outgoing(1, 2, 3, 4), 1_000)
        await subject.streams.trim_before("payments", "3-1")
        assert await numbers_in(subject.streams, "payments") == [3, 4]
        await subject.streams.trim_before("nothing", "3-1")

    async def test_the_first_to_claim_owns_the_keys(self, subject: StreamsSubject) -> None:
        """Another journal is told who holds them; the owner may claim again under a new text, and is not new then."""
        first, second = Owner("journal-1", "process 1"), Owner("journal-2", "process 2")
        assert await subject.streams.claim(first) == Owner("journal-1", "process 1", is_new=True)
        assert await subject.another().claim(second) == first
        renewed = Owner("journal-1", "process 3")
        assert await subject.streams.claim(renewed) == renewed
        assert await subject.another().claim(second) == renewed

    async def test_of_two_leaders_on_one_journal_the_later_one_owns_the_keys(self, subject: StreamsSubject) -> None:
        """By the epoch, then by the token; the one before is told who, and without a lease no such right is needed."""
        second, third = (leader(fencing, f"daemon {fencing}") for fencing in (2, 3))
        await subject.streams.claim(second)
        assert await subject.another().claim(third) == third
        assert await subject.streams.claim(second) == third
        assert await subject.streams.claim(leader(3, "another one")) == third
        assert await subject.streams.owner() == third
        restored = leader(1, "daemon 1", epoch=2)
        assert await subject.streams.claim(restored) == restored
        alone = Owner("journal-1", "process 4")
        assert await subject.streams.claim(alone) == alone

    async def test_keys_of_nobody_have_no_owner(self, subject: StreamsSubject) -> None:
        """Asking takes nothing."""
        assert await subject.streams.owner() is None
        assert (await subject.streams.claim(leader(1, "daemon 1"))).is_new

    async def test_of_two_that_claim_at_once_one_wins(self, subject: StreamsSubject) -> None:
        """Both hear the same owner, who alone is new."""
        owners = [Owner(f"journal-{number}", f"process {number}") for number in (1, 2)]
        heard = await asyncio.gather(subject.streams.claim(owners[0]), subject.another().claim(owners[1]))
        assert heard[0].journal_id == heard[1].journal_id
        assert heard[0].journal_id in {each.journal_id for each in owners}
        assert [True] == [each.is_new for each in heard if each.is_new]


def leader(fencing: int, name: str, *, epoch: int = 1) -> Owner:
    """A daemon that holds a lease on the journal."""
    return Owner("journal-1", f"the process of {name}", epoch=epoch, fencing=fencing, name=name)


async def _read_until_found(streams: Streams, stream: str) -> list[Entry]:
    while not (found := await streams.read({stream: START}, 10, 2_000)):
        pass
    return found[stream]


__all__ = ["StreamsContract", "StreamsSubject", "numbers_in", "outgoing"]
