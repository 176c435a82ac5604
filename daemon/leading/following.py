"""Following the journal of the daemon that leads: the state is folded as it is written, so that a takeover is quick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from daemon.kernel import Root, pause
from daemon.resume import resume
from machines.events import Recorded
from machines.ports.journal import Journal, JournalDamagedError, JournalIdentity, JournalRefusedError
from machines.state.whole import State, fold

CHUNK_EVENTS: Final = 1_000
"""Folded at once before the others may go on."""
AGAIN_S: Final = 1.0
"""How soon a journal that could not be read is opened again."""


class Following:
    """The state of another daemon's journal, some moments old."""

    def __init__(self, open_journal: Callable[[], Awaitable[Journal]], every_s: float) -> None:
        """`open_journal` opens for reading; it raises `FileNotFoundError` while there is none."""
        self.state: State | None = None
        """None before the first reading."""
        self.newest: Recorded | None = None
        """The newest event that was folded here."""
        self.written_sequence = 0
        """How far the journal goes, as last seen."""
        self.unreadable = ""
        """Why this daemon could not go on from this journal; a newer solvent may have written it."""
        self.away = ""
        """Why it could not be read the last time; empty while it can."""
        self._identity: JournalIdentity | None = None
        self._open_journal = open_journal
        self._every_s = every_s
        self._log = structlog.get_logger("standby")

    @property
    def folded_sequence(self) -> int:
        """How far it is folded."""
        return 0 if self.state is None else self.state.sequence

    @property
    def lag_events(self) -> int:
        """How many durable events are not folded yet."""
        return max(0, self.written_sequence - self.folded_sequence)

    async def run(self, root: Root) -> None:
        """Fold what is new until the root is cancelled."""
        while True:
            root.beat()
            try:
                journal = await self._open_journal()
                try:
                    await self._follow(root, journal)
                finally:
                    await journal.close()
            except FileNotFoundError:
                self.away = "there is no journal yet"
            except JournalRefusedError as refused:
                self.away = str(refused)
            except JournalDamagedError as damaged:
                self._note_unreadable(str(damaged))
            await pause(AGAIN_S)

    async def _follow(self, root: Root, journal: Journal) -> None:
        if self.state is None or self._identity != journal.identity:
            self.state, self.newest, self.written_sequence = None, None, 0
            state, self._identity = (await resume(journal)).state, journal.identity
            async for recorded in journal.read(after=max(0, state.sequence - 1), limit=1):
                self.newest = recorded
            self.state = state
        while True:
            root.beat()
            self.written_sequence = max(self.written_sequence, journal.last_sequence)
            while await self._fold_some(journal):
                root.beat()
            self.away = self.unreadable = ""
            await pause(self._every_s)

    async def _fold_some(self, journal: Journal) -> bool:
        """Whether there may be more."""
        assert self.state is not None
        folded = 0
        async for recorded in journal.read(after=self.state.sequence, limit=CHUNK_EVENTS):
            fold(self.state, recorded)
            self.newest = recorded
            folded += 1
        self.written_sequence = max(self.written_sequence, self.state.sequence)
        await asyncio.sleep(0)
        return folded == CHUNK_EVENTS

    async def state_for(self, journal: Journal) -> State | None:
        """The folded state where it is one of this journal; None where a restore or a lost commit came between.

        Call it when following has ended. A server that failed over to a copy that was behind has forgotten events, and
        what was folded of them must be forgotten too.
        """
        state, newest = self.state, self.newest
        if state is None or self._identity != journal.identity or state.sequence > journal.last_sequence:
            return None
        if newest is not None:
            async for recorded in journal.read(after=newest.sequence - 1, limit=1):
                if recorded != newest:
                    return None
        return state

    def _note_unreadable(self, reason: str) -> None:
        if not self.unreadable:
            self._log.error("standby_cannot_read", reason=reason, folded_sequence=self.folded_sequence)
        self.unreadable = reason
