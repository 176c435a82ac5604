"""One outgoing stream: where it stands, whose entry is on top of it, and what follows (ARCHITECTURE 4, "Out")."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.publication.entries import entry_for, entry_id, sequence_of
from machines.events import Recorded
from machines.ports.journal import Journal
from machines.ports.streams import Entry, Streams

_ADVICE = "move or delete the stream, and it is published anew"
_AHEAD = f"was a backup restored? Where no other daemon leads on another copy of this journal, {_ADVICE}"


class StreamReplacedError(Exception):
    """An entry that was published is no longer there: the server lost its data, or somebody removed the stream."""


class Outlet:
    """Publishes each event's entry once: after every reconnect it asks the stream for its newest entry."""

    def __init__(self, name: str, streams: Streams, journal: Journal, *, entries_max: int) -> None:
        self.name = name
        self.position = 0
        """All events up to this one are in the stream, as far as it shows them."""
        self.blocked = ""
        """Why nothing can be published; empty while all is well."""
        self.published = 0
        """Entries appended by this process."""
        self._streams = streams
        self._journal = journal
        self._entries_max = entries_max
        self._newest_id = ""
        """The newest entry that was seen to be ours."""

    async def examine(self, *, floor: int = 0, refused: bool = False) -> None:
        """Find out where the stream stands.

        Up to `floor` its entries are known to be published, whatever its newest one is. `refused` says that the stream
        has just refused entries after `position`.
        """
        newest = await self._streams.last_entry(self.name)
        if newest is None:
            self._examine_empty(refused=refused)
            return
        self.blocked = await self._why_strange(newest)
        if self.blocked:
            return
        before = self.position
        # Under the same newest entry, the events up to `position` have shown that nothing is missing.
        known = self.position if newest.id == self._newest_id else 0
        self.position = max(sequence_of(newest.id), known, floor)
        self._newest_id = newest.id
        if refused and self.position <= before:
            self.blocked = f"the stream {self.name} refuses what follows {newest.id}: it held a stranger's; {_ADVICE}"

    def _examine_empty(self, *, refused: bool) -> None:
        if refused:
            self.blocked = f"the stream {self.name} is empty and yet remembers later ids; {_ADVICE}"
            return
        self.blocked = ""
        kept_from = max(0, self._journal.last_sequence - self._entries_max)
        # Where nothing of ours was ever seen, the events up to `position` have shown that nothing is missing.
        self.position = kept_from if self._newest_id else max(kept_from, self.position)
        self._newest_id = ""

    async def require_there(self) -> None:
        """Raise `StreamReplacedError` where the newest entry that was seen to be ours has gone."""
        if self._newest_id and not (await self._streams.facts(self.name, self._newest_id)).cursor_entry_exists:
            raise StreamReplacedError(f"entry {self._newest_id} of the stream {self.name} has gone")

    async def publish(self, events: Sequence[Recorded]) -> None:
        """Append the entries of these events, those already published left out.

        Raises `StreamReplacedError` where our last entry has gone, `StreamsAwayError` where the outcome is unknown.
        """
        if self.blocked or not events:
            return
        journal_id = self._journal.identity.journal_id
        fresh = [each for each in events if each.sequence > self.position]
        entries = [entry for each in fresh if (entry := entry_for(self.name, each, journal_id)) is not None]
        if not entries:
            self.position = max(self.position, events[-1].sequence)
            return
        await self.require_there()
        if await self._streams.publish(self.name, entries, self._entries_max) != len(entries):
            await self.examine(refused=True)
            return
        self._newest_id = entries[-1].id
        self.position = events[-1].sequence
        self.published += len(entries)

    async def _why_strange(self, newest: Entry) -> str:
        """Why the newest entry is not ours; '' where it is, down to the event in the journal that it shows."""
        journal_id = self._journal.identity.journal_id
        whose = newest.fields.get("journal_id", "")
        if whose != journal_id or not _is_number_pair(newest.id):
            of = f"journal {whose}" if whose else "nobody known"
            return f"the newest entry {newest.id} of the stream {self.name} is of {of}, not of {journal_id}; {_ADVICE}"
        sequence = sequence_of(newest.id)
        if sequence > self._journal.last_sequence:
            return (
                f"the stream {self.name} shows event {sequence}, the journal ends at {self._journal.last_sequence};"
                f" {_AHEAD}"
            )
        async for recorded in self._journal.read(after=max(0, sequence - 1), limit=1):
            if recorded.sequence == sequence and entry_id(recorded) != newest.id:
                return (
                    f"the stream {self.name} shows event {sequence} of another time ({newest.id}, in the journal"
                    f" {entry_id(recorded)}); {_AHEAD}"
                )
        return ""


def _is_number_pair(published_id: str) -> bool:
    milliseconds, _, sequence = published_id.partition("-")
    return milliseconds.isdigit() and sequence.isdigit()
