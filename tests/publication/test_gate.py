"""What the gate finds when the journal and the published stream do not tell the same story."""

from __future__ import annotations

import asyncio

import pytest

from adapters.memory_journal import MemoryJournal
from adapters.memory_streams import MemoryStreams
from daemon.leading.watched import WatchedLead
from daemon.roots.gate import Gate
from machines.ports.journal import JournalRefusedError
from machines.ports.lease import Alone
from machines.ports.streams import Owner, StreamsAwayError
from tests.publication.publishing import Publishing, freeze
from tests.simulation.virtual_loop import run


class Full:
    """The disk of a restored journal; `self.is_full` until there is room."""

    def __init__(self) -> None:
        self.is_full = True

    def refuse(self, _group: object) -> None:
        """As a full disk does."""
        if self.is_full:
            raise JournalRefusedError("the disk is full")


def test_while_the_journal_takes_no_pause_nobody_passes() -> None:
    """A journal that is behind and full holds whoever would pass, as an absent Redis does, and lets nothing be done."""
    run(held_until_there_is_room, 1)


async def held_until_there_is_room() -> None:
    """Twice it cannot say that it is behind, then it can."""
    house, disk, lead = Publishing(), Full(), WatchedLead(Alone())
    await house.start()
    await house.record_published([freeze(f"key{number}") for number in range(3)])
    await house.stop()
    del house.store.events[2:]
    await house.start_without_publishing()
    house.recorder.journal = MemoryJournal(house.store, house.clock, disk.refuse)
    owner = Owner(house.store.identity.journal_id, "process 2")
    gate = Gate(streams=MemoryStreams(house.server), recorder=house.recorder, owner=owner, lead=lead)
    for _ in range(2):
        with pytest.raises(StreamsAwayError, match=r"event 3 was published.* could not be recorded: the disk is full"):
            await gate.enter()
        assert not lead.leads()
    disk.is_full = False
    await gate.enter()
    assert lead.leads()
    assert "event 3 was published" in str(house.recorder.state.operators.pause)
    await house.kernel.stop(ask_s=1, cancel_s=1)


async def why_paused(forgotten: int, written_again: int) -> str:
    """Of three published events the journal forgets the newest, and others take their numbers; '' for no pause."""
    house = Publishing()
    await house.start()
    await house.record_published([freeze(f"key{number}") for number in range(3)])
    await house.stop()
    del house.store.events[3 - forgotten :]
    await asyncio.sleep(1)
    streams = MemoryStreams(house.server)
    await house.start_without_publishing()
    if written_again:
        await house.record(*(freeze(f"another{number}") for number in range(written_again)))
    owner = Owner(house.store.identity.journal_id, "process 2")
    await Gate(streams=streams, recorder=house.recorder, owner=owner).enter()
    pause = house.recorder.state.operators.pause
    await house.kernel.stop(ask_s=1, cancel_s=1)
    return "" if pause is None else pause.reason


def test_the_same_story_pauses_nothing() -> None:
    """What was published is what the journal has, and newer events beside it."""
    assert run(lambda: why_paused(0, 0), 1) == ""
    assert run(lambda: why_paused(0, 2), 1) == ""


def test_a_journal_that_ends_before_what_was_published_pauses() -> None:
    """A restored backup must not act on what it has forgotten."""
    reason = run(lambda: why_paused(1, 0), 1)
    assert "event 3 was published, the journal ends at 2; " in reason
    assert reason.endswith("? Look at what runs, then send `resume`")


def test_a_forgotten_event_whose_number_was_taken_pauses() -> None:
    """A start that writes as many events as were lost does not hide the loss."""
    for written_again in (1, 2, 5):
        found = run(lambda: why_paused(1, written_again), 1)  # noqa: B023
        assert "event 3 was published, and in the journal it is another one (" in found
