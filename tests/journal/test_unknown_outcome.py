"""A journal on which the daemon cannot rely any more ends it, whichever question finds that out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, cast

import pytest

from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.journal_ending import EndingJournal, JournalGoneError
from machines.events import Recorded
from machines.ports.journal import (
    Journal,
    JournalDamagedError,
    JournalFencedError,
    JournalUnknownError,
    PaymentSeen,
    Proposal,
    Snapshot,
)
from tests.contracts.journal import SetClock, proposal


class LostJournal(MemoryJournal):
    """Every answer to a commit is lost."""

    async def append(self, group: Sequence[Proposal], payments: Sequence[PaymentSeen] = ()) -> list[Recorded]:
        """Nobody knows."""
        raise JournalUnknownError("the answer was lost")


async def test_an_unknown_outcome_ends_the_daemon_once() -> None:
    """It must not go on as if nothing were written, nor as if all were."""
    ended: list[Exception] = []
    journal = EndingJournal(LostJournal(MemoryStore(), SetClock()), ended.append)
    for _ in range(2):
        with pytest.raises(JournalUnknownError):
            await journal.append([proposal("a")])
    assert [(JournalGoneError, "the answer was lost")] == [(type(each), str(each)) for each in ended]


class BrokenJournal:
    """Raises the same at each question."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def ask(*_given: object) -> None:
            raise self._error

        return ask


QUESTIONS: Final[dict[str, Callable[[EndingJournal], Awaitable[object]]]] = {
    "append": lambda journal: journal.append([proposal("a")]),
    "payments_seen": lambda journal: journal.payments_seen(["p"]),
    "newest_snapshot": lambda journal: journal.newest_snapshot(),
    "write_snapshot": lambda journal: journal.write_snapshot(Snapshot(1, b"state")),
}
asked_in_every_way = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)


async def ended_by(error: Exception, ask: Callable[[EndingJournal], Awaitable[object]]) -> list[Exception]:
    """With what the daemon ends when a question raises this; the question raises it on."""
    ended: list[Exception] = []
    with pytest.raises(type(error)):
        await ask(EndingJournal(cast("Journal", BrokenJournal(error)), ended.append))
    return ended


@asked_in_every_way
async def test_a_fenced_journal_ends_the_daemon(ask: Callable[[EndingJournal], Awaitable[object]]) -> None:
    """Another daemon leads: an actor alone would be restarted, and go on beside it."""
    fenced = JournalFencedError("another daemon leads")

    assert [fenced] == await ended_by(fenced, ask)


@asked_in_every_way
async def test_a_damaged_journal_ends_the_daemon(ask: Callable[[EndingJournal], Awaitable[object]]) -> None:
    """Also where it is only asked which payments it has seen: what it answers next might count one twice."""
    (ended,) = await ended_by(JournalDamagedError("a page is gone"), ask)

    assert (JournalGoneError, "a page is gone") == (type(ended), str(ended))


async def test_damage_found_while_reading_ends_the_daemon() -> None:
    """Events are read one by one; the damage may be at any of them."""

    class Damaged(MemoryJournal):
        async def read(self, after: int = 0, limit: int | None = None) -> AsyncIterator[Recorded]:
            for each in [each async for each in super().read(after, limit)]:
                yield each
                raise JournalDamagedError("the next is damaged")

    ended: list[Exception] = []
    journal = EndingJournal(Damaged(MemoryStore(), SetClock()), ended.append)
    await journal.append([proposal("a")])
    with pytest.raises(JournalDamagedError):
        [each async for each in journal.read()]

    assert [JournalGoneError] == [type(each) for each in ended]
