"""`MemoryStreams`: the port of the streams on a `MemoryServer`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from adapters.memory_streams.held_stream import HeldStream, entry_order
from adapters.memory_streams.server import MemoryServer
from adapters.redis_streams.ids import id_order, require_rising
from adapters.redis_streams.names import DEFAULT_INSTANCE, OWNER, key_prefix
from adapters.redis_streams.owners import MARK, owner_fields, owner_in
from machines.ports.streams import START, Entry, Outgoing, Owner, StreamFacts

_NODE_ENTRIES: Final = 100
"""A real server trims whole nodes, and so keeps up to this many more than asked."""


class MemoryStreams:
    """One process's connection to a `MemoryServer`. Every call lets others run before and after it is applied."""

    def __init__(self, server: MemoryServer, instance: str = DEFAULT_INSTANCE) -> None:
        self._server = server
        self._prefix = key_prefix(instance)
        self._mark = server.new_mark()

    async def facts(self, stream: str, cursor: str) -> StreamFacts:
        """What the stream shows, seen from a cursor."""
        await asyncio.sleep(0)
        with self._server.call("facts"):
            held = self._held(stream)
            at = held.at_or_after(cursor) if held else 0
            here = cursor == START or (
                held is not None and at < len(held.entries) and entry_order(held.entries[at]) == id_order(cursor)
            )
            found = StreamFacts(
                exists=held is not None,
                last_generated_id=held.last_generated_id if held else START,
                cursor_entry_exists=here,
                older_entry_exists=at > 0,
            )
        await asyncio.sleep(0)
        return found

    async def read(self, cursors: Mapping[str, str], entries_max: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after each stream's cursor, waiting at most `block_ms` of the loop's time for the first."""
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        until = loop.time() + block_ms / 1_000
        with self._server.call("read"):
            while not (found := self._after(cursors, entries_max)) and (left_s := until - loop.time()) > 0 and cursors:
                await self._server.wait_for_entries(left_s)
        await asyncio.sleep(0)
        return found

    async def last_entry(self, stream: str) -> Entry | None:
        """The newest entry, or None."""
        await asyncio.sleep(0)
        with self._server.call("last_entry"):
            held = self._held(stream)
            newest = held.entries[-1] if held and held.entries else None
        await asyncio.sleep(0)
        return newest

    async def publish(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        """Append all of the entries, or none where the stream holds the first id or a later one."""
        require_rising(entries)
        await asyncio.sleep(0)
        with self._server.call("publish"):
            appended = self._append(stream, entries, entries_max) if entries else 0
        await asyncio.sleep(0)
        return appended

    async def write_hashes(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        """Replace each hash by these fields; an empty mapping removes it."""
        await asyncio.sleep(0)
        with self._server.call("write_hashes"):
            for name, fields in hashes.items():
                self._server.hashes.pop(self._prefix + name, None)
                if fields:
                    self._server.hashes[self._prefix + name] = dict(fields)
        await asyncio.sleep(0)

    async def trim_before(self, stream: str, cursor: str) -> None:
        """Drop the entries older than the cursor's; the cursor's own stays."""
        await asyncio.sleep(0)
        with self._server.call("trim_before"):
            held = self._held(stream)
            if held:
                del held.entries[: held.at_or_after(cursor)]
        await asyncio.sleep(0)

    async def claim(self, owner: Owner) -> Owner:
        """Take the instance's keys if nobody owns them, or whom it may follow; whoever owns them now."""
        await asyncio.sleep(0)
        with self._server.call("claim"):
            fields = self._server.hashes.get(self._prefix + OWNER, {})
            present = owner_in(fields)
            if present is None or owner.may_follow(present):
                mark = self._mark if present is None else fields.get(MARK, "")
                fields = {**owner_fields(owner), MARK: mark}
                self._server.hashes[self._prefix + OWNER] = fields
                present = owner
        await asyncio.sleep(0)
        is_new = fields.get(MARK, "") == self._mark
        if is_new:
            self._mark = self._server.new_mark()
        return msgspec.structs.replace(present, is_new=is_new)

    async def owner(self) -> Owner | None:
        """Whoever owns the instance's keys; None for nobody."""
        await asyncio.sleep(0)
        with self._server.call("owner"):
            present = owner_in(self._server.hashes.get(self._prefix + OWNER, {}))
        await asyncio.sleep(0)
        return present

    async def close(self) -> None:
        """Nothing is held open."""

    def _held(self, stream: str) -> HeldStream | None:
        return self._server.streams.get(self._prefix + stream)

    def _after(self, cursors: Mapping[str, str], entries_max: int) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for stream, cursor in cursors.items():
            if (held := self._held(stream)) is None:
                continue
            first = held.after(cursor)
            if entries := held.entries[first : first + entries_max]:
                found[stream] = entries
        return found

    def _append(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        held = self._held(stream)
        if held and id_order(held.last_generated_id) >= id_order(entries[0].id):
            return 0
        held = self._server.streams.setdefault(self._prefix + stream, HeldStream())
        for entry in entries:
            held.append(Entry(id=entry.id, fields=dict(entry.fields)))
        if len(held.entries) >= entries_max + _NODE_ENTRIES:
            del held.entries[:-entries_max]
        self._server.wake()
        return len(entries)
