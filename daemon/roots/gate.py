"""The gate to the streams: who owns the instance's keys, and whether the journal is behind what they show."""

from __future__ import annotations

import asyncio

from daemon.publication.entries import entry_id, sequence_of
from daemon.recorder import Recorder
from machines.events import Pause, PauseSet
from machines.ports.journal import JournalRefusedError
from machines.ports.streams import Owner, Streams, StreamsAwayError

EVENTS_STREAM = "events"
JOURNAL_BEHIND = "the journal is behind what was published"


class OwnedByAnotherError(Exception):
    """Another journal owns the instance's keys; the message names it and says what to do."""


class Gate:
    """Passed once per connection, before anything is read or published."""

    def __init__(self, *, streams: Streams, recorder: Recorder, owner: Owner) -> None:
        self._streams = streams
        self._recorder = recorder
        self._owner = owner
        self._passing = asyncio.Lock()
        self.servers = 0
        """How often nobody owned the keys before we did: each time an empty server, whatever was written there since.

        An own mark tells this apart from a stream that somebody trimmed, where the server's `run_id` would not: it is
        another one after every restart and every fail-over, with all data in its place.
        """

    async def enter(self) -> None:
        """Claim the keys and compare; raises `OwnedByAnotherError` or `StreamsAwayError`."""
        async with self._passing:
            owner = await self._streams.claim(self._owner)
            if owner.journal_id != self._owner.journal_id:
                raise OwnedByAnotherError(
                    f"the keys of this instance belong to journal {owner.journal_id}, held by {owner.holder};"
                    " choose another --instance, or, if that daemon is gone for good, delete the instance's key `owner`"
                )
            self.servers += owner.is_new
            await self._compare()

    async def _compare(self) -> None:
        """A journal that has forgotten something must not act on it: it starts paused and says why.

        It was restored from a backup, or its PostgreSQL failed over to a replica that lagged. What a start writes may
        have taken the numbers of what was forgotten: then the event is there, at another time.
        """
        newest = await self._streams.last_entry(EVENTS_STREAM)
        if newest is None or newest.fields.get("journal_id") != self._owner.journal_id:
            return
        published = sequence_of(newest.id)
        last = self._recorder.journal.last_sequence
        if self._recorder.state.operators.pause is not None:
            return
        found = f"the journal ends at {last}" if published > last else await self._another(published, newest.id)
        if found:
            reason = (
                f"{JOURNAL_BEHIND}: event {published} was published, {found}; was a backup restored, or did the store "
                "fail over to a copy that lagged?"
            )
            await self._recorder.record("gate", [PauseSet(Pause.ALL, None, reason, "solvent")])

    async def _another(self, sequence: int, published_id: str) -> str:
        """How the journal's event of that number differs from the published one; '' where it is the same."""
        try:
            async for recorded in self._recorder.journal.read(after=sequence - 1, limit=1):
                if recorded.sequence == sequence and entry_id(recorded) != published_id:
                    return f"and in the journal it is another one ({entry_id(recorded)}, not {published_id})"
        except JournalRefusedError as away:
            raise StreamsAwayError(f"whether the journal is behind what was published is not known: {away}") from away
        return ""
