"""A journal that does not know what became of a commit ends the daemon."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from adapters.memory_journal import MemoryJournal, MemoryStore
from daemon.journal_ending import EndingJournal, JournalGoneError
from machines.events import Recorded
from machines.ports.journal import JournalUnknownError, PaymentSeen, Proposal
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
