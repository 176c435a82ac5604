"""What every implementation of the port `PaymentSource` must do.

Subclass `SourceContract` and give it a fixture `subject`.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from machines.ports.faults import CallError
from machines.ports.sources import Entry, PaymentSource
from machines.sources.asking import POSITION_CHARACTERS_MAX

READS_MAX = 100


class SourceSubject(Protocol):
    """An implementation on an empty place, and the hands of the business on the same place."""

    source: PaymentSource

    def another(self) -> PaymentSource:
        """The source as the next process makes it."""
        ...

    async def add(self, *payment_ids: str) -> None:
        """Payments are made, one after the other, and settle."""
        ...

    async def hide(self) -> None:
        """From now on the place cannot be reached."""
        ...

    async def show(self) -> None:
        """It can be reached again."""
        ...


async def drain(source: PaymentSource, position: str = "") -> tuple[list[Entry], str]:
    """Everything from a position on, and the position behind it."""
    entries = list[Entry]()
    for _ in range(READS_MAX):
        read = await source.read(position)
        assert len(read.position) <= POSITION_CHARACTERS_MAX
        assert read.position != position or not read.more, "a source that says more must move"
        entries += read.entries
        position = read.position
        if not read.more:
            return entries, position
    raise AssertionError(f"no end after {READS_MAX} reads")


def ids_of(entries: list[Entry]) -> list[str]:
    """The payment ids, each once, in the order in which they first came."""
    return list(dict.fromkeys(entry.fields.get("payment_id", "") for entry in entries))


class SourceContract:
    """The facts of the port, one a test."""

    async def test_a_source_without_payments_vouches_for_nothing(self, subject: SourceSubject) -> None:
        """Nothing was given and nothing is vouched for: unknown, not zero."""
        read = await subject.source.read("")

        assert ((), None) == (read.entries, read.through)
        assert not read.more

    async def test_everything_is_given_in_order(self, subject: SourceSubject) -> None:
        """What was paid is read in the order of its making, over as many reads as it takes."""
        made = [f"p-{number:02}" for number in range(12)]
        await subject.add(*made)

        entries, _ = await drain(subject.source)

        assert made == ids_of(entries)

    async def test_what_is_new_follows_the_position(self, subject: SourceSubject) -> None:
        """From the position on comes what was paid since; older ones may come again."""
        await subject.add("p-1", "p-2")
        _, position = await drain(subject.source)
        await subject.add("p-3")

        entries, _ = await drain(subject.source, position)

        assert "p-3" == ids_of(entries)[-1]

    async def test_what_is_given_again_is_the_same(self, subject: SourceSubject) -> None:
        """Reading from an earlier position gives the same entries: nothing contradicts itself."""
        await subject.add("p-1", "p-2", "p-3")
        first, _ = await drain(subject.source)

        again, _ = await drain(subject.another())

        assert {entry.id: entry.fields for entry in first} == {entry.id: entry.fields for entry in again}

    async def test_the_next_process_goes_on(self, subject: SourceSubject) -> None:
        """A source made anew goes on from the position in the journal."""
        await subject.add("p-1")
        _, position = await drain(subject.source)
        await subject.add("p-2")

        entries, _ = await drain(subject.another(), position)

        assert "p-2" in ids_of(entries)

    async def test_an_unreachable_place_is_unknown(self, subject: SourceSubject) -> None:
        """What cannot be reached raises, and is no empty answer; afterwards everything is there."""
        await subject.add("p-1")
        await subject.hide()
        with pytest.raises(CallError) as failed:
            await drain(subject.source)
        await subject.show()

        assert failed.value.reason
        assert ["p-1"] == ids_of((await drain(subject.source))[0])

    async def test_a_position_of_another_kind_is_refused(self, subject: SourceSubject) -> None:
        """A position that the source did not write is refused and not read as a beginning."""
        with pytest.raises(CallError):
            await subject.source.read("41")

    async def test_closing_twice_is_harmless(self, subject: SourceSubject) -> None:
        """So that an end of the daemon may come at any moment."""
        await subject.source.close()
        await subject.source.close()
