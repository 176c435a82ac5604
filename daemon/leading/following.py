"""Following the journal of the daemon that leads: the state is folded as it is written, so that a takeover is quick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from daemon.kernel import Root, pause
from daemon.resume import fold_or_say, resume
from machines.events import Recorded
from machines.ports.journal import (
    Journal,
    JournalDamagedError,
    JournalIdentity,
    JournalNotFoldableError,
    JournalRefusedError,
)
from machines.state.whole import State

CHUNK_EVENTS: Final = 1_000
"""Folded at once before the others may go on."""
AGAIN_S: Final = 1.0
"""How soon a journal that could not be read is opened again."""
NOT_FOLDABLE_ROUNDS: Final = 60
"""After an event that this version cannot fold it is tried again after so many of those, and not after one."""


class Following:
    """The state of another daemon's journal, some moments old."""

    def __init__(self, open_journal: Callable[[], Awaitable[Journal]], every_s: float) -> None:
        """`open_journal` opens for reading; it raises `FileNotFoundError` while there is no journal, and only then."""
        self.state: State | None = None
        """None before the first reading."""
        self.newest: Recorded | None = None
        """The event that `state` stands on; None where retention dropped it."""
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
            except (JournalRefusedError, OSError) as refused:  # a full disk under the state directory, say
                self.away = str(refused)
            except JournalNotFoldableError as defect:
                self._note_unreadable(str(defect))
                await self._wait_long(root)
            except JournalDamagedError as damaged:
                self._note_unreadable(str(damaged))
            await pause(AGAIN_S)

    async def _wait_long(self, root: Root) -> None:
        """Only a snapshot of the leader beyond that event helps: folding all before it each second would not."""
        for _ in range(NOT_FOLDABLE_ROUNDS):
            root.beat()
            await pause(AGAIN_S)

    async def _follow(self, root: Root, journal: Journal) -> None:
        # A new connection may lead to a server that has forgotten events: only an event can tell.
        if self._identity != journal.identity or self.newest is None:
            self._forget()
        while True:
            root.beat()
            if self.state is None:
                await self._load(root, journal)
            self.written_sequence = max(self.written_sequence, journal.last_sequence)
            while await self._fold_some(journal):
                root.beat()
            self.away = self.unreadable = ""
            await pause(self._every_s)

    async def _load(self, root: Root, journal: Journal) -> None:
        resumed = await resume(journal, lambda _events: root.beat())
        self._identity, self.newest = journal.identity, None
        async for recorded in journal.read(after=max(0, resumed.state.sequence - 1), limit=1):
            self.newest = recorded if recorded.sequence == resumed.state.sequence else None
        self.state = resumed.state

    async def _fold_some(self, journal: Journal) -> bool:
        """Whether there may be more. Where the journal does not go on from what was folded, that is forgotten."""
        assert self.state is not None
        awaited, folded = self.newest, 0
        after = self.state.sequence if awaited is None else self.state.sequence - 1
        async for recorded in journal.read(after=after, limit=CHUNK_EVENTS):
            if awaited is not None:
                if recorded != awaited:
                    break
                awaited = None
            elif recorded.sequence == self.state.sequence + 1:
                self._fold(recorded)
                self.newest = recorded
                folded += 1
            else:
                return self._begun_anew()
        if awaited is not None:
            return self._begun_anew()
        self.written_sequence = max(self.written_sequence, self.state.sequence)
        await asyncio.sleep(0)
        return folded >= CHUNK_EVENTS - 1

    def _fold(self, recorded: Recorded) -> None:
        """What was folded half-way is in no order again: all of it is forgotten, and folded anew from the journal."""
        assert self.state is not None
        try:
            fold_or_say(self.state, recorded)
        except JournalNotFoldableError as defect:
            self._note_unreadable(str(defect))
            self._forget()
            raise
        except MemoryError:
            self._forget()
            raise

    async def state_for(self, journal: Journal) -> State | None:
        """The folded state where it is one of this journal; None where a restore or a lost commit came between.

        Call it when following has ended. A server that failed over to a replica that lagged has forgotten events, and
        what was folded of them must be forgotten too: the event that the state stands on must be there, by its hash.
        """
        state, newest = self.state, self.newest
        if state is None or newest is None or self._identity != journal.identity:
            return None
        async for recorded in journal.read(after=state.sequence - 1, limit=1):
            return state if recorded == newest else None
        return None

    def _begun_anew(self) -> bool:
        """The events that were folded are others now, or retention took what came after them; nothing more to fold."""
        self._log.warning("standby_began_anew", folded_sequence=self.folded_sequence)
        self._forget()
        return False

    def _forget(self) -> None:
        self.state, self.newest, self.written_sequence = None, None, 0

    def _note_unreadable(self, reason: str) -> None:
        if not self.unreadable:
            self._log.error("standby_cannot_read", reason=reason, folded_sequence=self.folded_sequence)
        self.unreadable = reason
