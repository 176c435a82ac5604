"""The streams of a daemon that may lose the lead: from then on nothing is written to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from machines.ports.lease import Leadership
from machines.ports.streams import Entry, Outgoing, Owner, StreamFacts, Streams, StreamsAwayError

NOT_LEADING = "the lease is not renewed: another daemon may publish already, so nothing is written"


class LedStreams:
    """The `Streams` port over another: every write asks first whether this daemon leads.

    Redis knows no fencing token. What slips through between the question and the write is at most what a leader wrote
    before it lost the lead: entries carry the ids of the journal, and the next leader writes every hash anew.
    """

    def __init__(self, streams: Streams, leadership: Leadership) -> None:
        self._streams = streams
        self._leadership = leadership

    async def facts(self, stream: str, cursor: str) -> StreamFacts:
        """What the stream shows, seen from a cursor."""
        return await self._streams.facts(stream, cursor)

    async def read(self, cursors: Mapping[str, str], entries_max: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after each stream's cursor."""
        return await self._streams.read(cursors, entries_max, block_ms)

    async def last_entry(self, stream: str) -> Entry | None:
        """The newest entry, or None."""
        return await self._streams.last_entry(stream)

    async def publish(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        """Append in order under the given ids, as a leader only."""
        self._require_lead()
        return await self._streams.publish(stream, entries, entries_max)

    async def write_hashes(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        """Replace each hash, as a leader only."""
        self._require_lead()
        await self._streams.write_hashes(hashes)

    async def trim_before(self, stream: str, cursor: str) -> None:
        """Drop the entries older than the cursor's, as a leader only."""
        self._require_lead()
        await self._streams.trim_before(stream, cursor)

    async def claim(self, owner: Owner) -> Owner:
        """Take the instance's keys, as a leader only."""
        self._require_lead()
        return await self._streams.claim(owner)

    async def owner(self) -> Owner | None:
        """Whoever owns the instance's keys; None for nobody."""
        return await self._streams.owner()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._streams.close()

    def _require_lead(self) -> None:
        if not self._leadership.leads():
            raise StreamsAwayError(NOT_LEADING)
