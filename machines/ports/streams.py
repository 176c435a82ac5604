"""The port of the streams that come in and go out, and of the readable state beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from machines.entry_ids import START

__all__ = ["START", "Entry", "Outgoing", "Owner", "StreamFacts", "Streams", "StreamsAwayError"]


class StreamsAwayError(Exception):
    """The streams cannot be reached now; nothing is known of the call that raised this."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry: its id `<milliseconds>-<sequence>` and its fields, undecodable bytes replaced."""

    id: str
    fields: dict[str, str]

    def __repr__(self) -> str:
        """Without the values: they are what strangers sent, customers among it."""
        return f"Entry({self.id!r}, {len(self.fields)} fields)"


class StreamFacts(msgspec.Struct, frozen=True):
    """What a stream shows on connecting."""

    exists: bool
    last_generated_id: str
    """Never falls while the stream lives; below our cursor means that the stream was replaced."""
    cursor_entry_exists: bool
    """Whether the entry at the asked cursor is still there; without it entries may have been lost."""
    older_entry_exists: bool = False
    """Whether one before the cursor's is there: then nobody has trimmed the stream up to the cursor."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """An entry to publish under an explicit id."""

    id: str
    fields: dict[str, str]


class Owner(msgspec.Struct, frozen=True):
    """Who holds an instance's keys."""

    journal_id: str
    holder: str
    """A sentence part for people: `process 4711 on host-a, state directory /var/lib/solvent`."""
    is_new: bool = False
    """Whether the keys belonged to nobody until this claim: a server that holds nothing of ours yet, or no more.

    A claim whose reply was lost makes the same caller's next one new.
    """
    epoch: int = 0
    """The journal's."""
    fencing: int = 0
    """The holder's fencing token; 0 where no lease is needed."""
    name: str = ""
    """The holder among the daemons of one journal, another one after each start; "" where no lease is needed."""

    def may_follow(self, standing: Owner) -> bool:
        """Whether this one may take the keys from whom they stand by.

        Of two daemons with a lease each on one journal, on two copies of it, the later one may: by the epoch, then by
        the token. A daemon without a lease holds its state directory, and needs no other right.
        """
        if standing.journal_id != self.journal_id:
            return False
        if not self.fencing or standing.name == self.name:
            return True
        return (self.epoch, self.fencing) > (standing.epoch, standing.fencing)


class Streams(Protocol):
    """Streams and hashes of one instance, named without its prefix. Held to `tests/contracts/streams.py`.

    Every method raises `StreamsAwayError` when the server cannot be reached, and never retries a write by itself.
    """

    async def facts(self, stream: str, cursor: str) -> StreamFacts:
        """What the stream shows, seen from a cursor."""
        ...

    async def read(self, cursors: Mapping[str, str], entries_max: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after each stream's cursor, waiting at most `block_ms` for the first; {} when there were none."""
        ...

    async def last_entry(self, stream: str) -> Entry | None:
        """The newest entry, or None."""
        ...

    async def publish(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        """Append in order under the given ids, keeping about `entries_max`; how many were appended.

        Fewer than given means that the next one was refused, because the stream already holds its id or a later one.
        """
        ...

    async def write_hashes(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        """Replace each hash by these fields; an empty mapping removes it."""
        ...

    async def trim_before(self, stream: str, cursor: str) -> None:
        """Drop the entries older than the cursor's; the cursor's own stays."""
        ...

    async def claim(self, owner: Owner) -> Owner:
        """Take the instance's keys if nobody owns them, or whom it may follow; whoever owns them now."""
        ...

    async def owner(self) -> Owner | None:
        """Whoever owns the instance's keys; None for nobody."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
