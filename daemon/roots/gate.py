"""The gate to the streams: who owns the instance's keys, and whether the journal is behind what they show."""

from __future__ import annotations

import asyncio

from daemon.recorder import Recorder
from machines.events import Pause, PauseSet
from machines.ports.streams import Owner, Streams

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
        """A journal restored from a backup must not act on what it has forgotten: it starts paused and says why."""
        newest = await self._streams.last_entry(EVENTS_STREAM)
        if newest is None or newest.fields.get("journal_id") != self._owner.journal_id:
            return
        published = int(newest.id.rpartition("-")[2])
        last = self._recorder.journal.last_sequence
        pause = self._recorder.state.operators.pause
        if published > last and pause is None:
            reason = (
                f"{JOURNAL_BEHIND}: event {published} was published, the journal ends at {last}; was a backup restored?"
            )
            await self._recorder.record("gate", [PauseSet(Pause.ALL, None, reason, "solvent")])
