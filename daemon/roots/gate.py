"""The gate to the streams: who owns the instance's keys, and whether the journal is behind what they show."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final, NoReturn

from daemon.leading.watched import WatchedLead
from daemon.publication.entries import entry_id, sequence_of
from daemon.recorder import Recorder
from machines.events import Pause, PauseSet
from machines.ports.journal import JournalFencedError, JournalRefusedError
from machines.ports.lease import Alone
from machines.ports.streams import Owner, Streams, StreamsAwayError

EVENTS_STREAM = "events"
JOURNAL_BEHIND = "the journal is behind what was published"
LED_BY_ANOTHER: Final = "another daemon leads on another copy of this journal"
LOOK_EVERY_S: Final = 1.0
"""How often a leader that publishes looks who leads."""
CONFIRM_S: Final = 1.0
"""How long a call to a provider waits for Redis at most."""


class OwnedByAnotherError(Exception):
    """Another journal owns the instance's keys; the message names it and says what to do."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(
            f"the keys of this instance belong to journal {owner.journal_id}, held by {owner.holder};"
            " choose another --instance, or, if that daemon is gone for good, delete the instance's key `owner`. Where "
            "both are to share one journal, journal.url or journal.schema is not that of the other machine"
        )


class LedByAnotherError(StreamsAwayError):
    """Another daemon leads on another copy of this journal: this one reads and writes nothing. The message says who."""


class Gate:
    """Passed once per connection, before anything is read or published; looked at again before each call."""

    def __init__(self, *, streams: Streams, recorder: Recorder, owner: Owner, lead: WatchedLead | None = None) -> None:
        """`lead` is told who else leads."""
        self._streams = streams
        self._recorder = recorder
        self._owner = owner
        self._lead = lead or WatchedLead(Alone())
        self._passing = asyncio.Lock()
        self._entered = False
        self._is_behind = False
        self._looked_s = -LOOK_EVERY_S
        self.servers = 0
        """How often nobody owned the keys before we did: each time an empty server, whatever was written there since.

        An own mark tells this apart from a stream that somebody trimmed, where the server's `run_id` would not: it is
        another one after every restart and every fail-over, with all data in its place.
        """

    async def enter(self) -> None:
        """Claim the keys and compare; raises `OwnedByAnotherError`, `LedByAnotherError` or `StreamsAwayError`."""
        async with self._passing:
            if self._was_kept_out():
                standing = await self._streams.owner()
                if standing is not None and self._is_another(standing):
                    await self._keep_out(standing)
            owner = await self._streams.claim(self._owner)
            if owner.journal_id != self._owner.journal_id:
                raise OwnedByAnotherError(owner)
            if self._is_another(owner):
                await self._keep_out(owner)
            self.servers += owner.is_new
            await self._compare()
            self._lead.kept_out = ""
            self._entered = True

    async def look(self, *, every_s: float = 0.0) -> None:
        """Enter again where the keys are not ours any more, and raise as that does; asks at most once in `every_s`.

        A daemon that needs no lease has nobody to look for.
        """
        now_s = asyncio.get_running_loop().time()
        if not self._owner.fencing or now_s - self._looked_s < every_s:
            return
        standing = await self._streams.owner()
        if standing is None or standing.journal_id != self._owner.journal_id or self._is_another(standing):
            await self.enter()
        self._looked_s = now_s

    async def confirm(self) -> None:
        """Look right before a call. Where Redis does not answer at once, the lease alone decides."""
        with suppress(StreamsAwayError, OwnedByAnotherError, TimeoutError, JournalRefusedError, JournalFencedError):
            async with asyncio.timeout(CONFIRM_S):
                await self.look()

    # --- another leader ---

    def _is_another(self, owner: Owner) -> bool:
        return owner.name != self._owner.name and bool(self._owner.fencing)

    def _was_kept_out(self) -> bool:
        """Also by a life before: its tokens rise with every start, and must not win by that."""
        pause = self._recorder.state.operators.pause
        return pause is not None and pause.reason.startswith(LED_BY_ANOTHER)

    async def _keep_out(self, other: Owner) -> NoReturn:
        """End where this daemon was the leader until now; else start paused, and wait for a person."""
        reason = (
            f"{LED_BY_ANOTHER}: Redis shows {other.holder}, in epoch {other.epoch} with the fencing token"
            f" {other.fencing}; this one is in epoch {self._owner.epoch} with {self._owner.fencing}. Does PostgreSQL"
            " have two primaries? End the one that is wrong. If this daemon is the right one and the other is gone for"
            " good, delete the instance's key `owner`, then send `resume`"
        )
        if self._entered:
            self._lead.lose(reason)
        else:
            self._lead.kept_out = reason
            if not self._was_kept_out():
                await self._pause(reason)
        raise LedByAnotherError(reason)

    # --- what was published ---

    async def _compare(self) -> None:
        """A journal that has forgotten something must not act on it: it starts paused and says why.

        It was restored from a backup, or its PostgreSQL failed over to a replica that lagged. What a start writes may
        have taken the numbers of what was forgotten: then the event is there, at another time. Under a leader that
        began well, only another leader on another copy can have published it.
        """
        found = await self._behind()
        if found and self._entered and not self._is_behind and self._owner.fencing:
            reason = f"{LED_BY_ANOTHER}: {found}, and this daemon did not publish it"
            self._lead.lose(reason)
            raise LedByAnotherError(reason)
        self._is_behind = bool(found)
        if found and self._recorder.state.operators.pause is None:
            reason = (
                f"{JOURNAL_BEHIND}: {found}; was a backup restored, or did the store fail over to a replica that "
                "lagged? Look at what runs, then send `resume`"
            )
            await self._pause(reason)

    async def _pause(self, reason: str) -> None:
        """While the journal does not take it, nobody passes, as if Redis were away, and nothing is done."""
        try:
            await self._recorder.record("gate", [PauseSet(Pause.ALL, None, reason, "solvent")])
        except JournalRefusedError as refused:
            self._lead.kept_out = reason
            raise StreamsAwayError(f"{reason}. The pause for that could not be recorded: {refused}") from refused

    async def _behind(self) -> str:
        """What was published and is not in the journal; '' for nothing."""
        newest = await self._streams.last_entry(EVENTS_STREAM)
        if newest is None or newest.fields.get("journal_id") != self._owner.journal_id:
            return ""
        published = sequence_of(newest.id)
        last = self._recorder.journal.last_sequence
        found = f"the journal ends at {last}" if published > last else await self._another(published, newest.id)
        return f"event {published} was published, {found}" if found else ""

    async def _another(self, sequence: int, published_id: str) -> str:
        """How the journal's event of that number differs from the published one; '' where it is the same."""
        try:
            async for recorded in self._recorder.journal.read(after=sequence - 1, limit=1):
                if recorded.sequence == sequence and entry_id(recorded) != published_id:
                    return f"and in the journal it is another one ({entry_id(recorded)}, not {published_id})"
        except JournalRefusedError as away:
            raise StreamsAwayError(f"whether the journal is behind what was published is not known: {away}") from away
        return ""
