"""Which daemons have begun to serve, as the journal shows it while another command waits for one of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from machines.events import Started
from machines.ports.journal import Journal, JournalDamagedError, JournalRefusedError


class Starts:
    """The starts of daemons that the journal shows after a sequence number."""

    def __init__(self, open_journal: Callable[[], Awaitable[Journal]], after: int) -> None:
        """`open_journal` opens for reading; it is called again after PostgreSQL was away."""
        self.unreadable = ""
        """Why this version could not read on the last time; a newer one may have written there."""
        self._open_journal = open_journal
        self._journal: Journal | None = None
        self._sequence = after
        self._tokens: set[int] = set()

    async def show(self, fencing: int) -> bool:
        """Whether a daemon has started to serve under this token; False where nobody can tell now."""
        try:
            if self._journal is None:
                self._journal = await self._open_journal()
            async for recorded in self._journal.read(after=self._sequence):
                self._sequence = recorded.sequence
                if isinstance(recorded.event, Started):
                    self._tokens.add(recorded.event.fencing)
        except (FileNotFoundError, JournalRefusedError):
            await self.close()
        except JournalDamagedError as damaged:
            self.unreadable = str(damaged)
            await self.close()
        else:
            self.unreadable = ""
        return fencing in self._tokens

    async def close(self) -> None:
        """Let go of the journal."""
        if self._journal is not None:
            await self._journal.close()
        self._journal = None
