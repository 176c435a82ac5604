"""`RedisStreams`: the port of the streams on a Redis server."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
from redis.exceptions import ResponseError, WatchError

from adapters.redis_streams.access import ANONYMOUS, RedisAccess, place_of
from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import WRONG_TYPE, away, away_on_error, is_missing_stream, was_changed
from adapters.redis_streams.ids import id_order, require_rising
from adapters.redis_streams.names import OWNER, key_prefix
from adapters.redis_streams.owners import MARK, owner_fields, owner_in
from machines.ports.streams import START, Entry, Outgoing, Owner, StreamFacts

BLOCK_MS_MAX: Final = 2_000
"""So that whoever reads looks up often enough to stop (STYLE 5)."""


class RedisStreams:
    """Streams and hashes of one instance on one Redis server, 6.2 or later.

    Connects on the first call, and again on the next call after a failure. Every method raises `StreamsAwayError`,
    whose text says what is wrong and what to do. One write is sent at most once.
    """

    def __init__(
        self,
        url: str,
        instance: str,
        timeout_s: float = 5.0,
        health_check_interval_s: int = 15,
        *,
        access: RedisAccess = ANONYMOUS,
    ) -> None:
        """`timeout_s` bounds each call, beside what a read blocks. Raises `ValueError` for an unusable URL."""
        self._reader = make_client(url, instance, "reader", timeout_s, health_check_interval_s, access=access)
        self._writer = make_client(url, instance, "writer", timeout_s, health_check_interval_s, access=access)
        self._prefix = key_prefix(instance)
        self._timeout_s = timeout_s
        self._place = place_of(url, access)
        self._mark = _new_mark()

    async def facts(self, stream: str, cursor: str) -> StreamFacts:
        """What the stream shows, seen from a cursor.

        Without MULTI: a server that is out of memory queues nothing, and would be unreadable to us. Without asking
        for facts of a missing key: fakeredis's TCP server closes the connection after every error it answers.
        """
        key = self._prefix + stream
        missing = StreamFacts(exists=False, last_generated_id=START, cursor_entry_exists=cursor == START)
        async with away_on_error(self._place, self._timeout_s, "XINFO", key):
            async with self._writer.pipeline(transaction=False) as pipe:
                pipe.xrevrange(key, max=cursor, count=2)
                pipe.exists(key)
                up_to_cursor, exists = await pipe.execute()
            if not exists:
                return missing
            try:
                info: Any = await self._writer.xinfo_stream(key)
            except ResponseError as error:
                if is_missing_stream(error):
                    return missing
                raise
        ids = [entry.id for entry in _entries(up_to_cursor)]
        return StreamFacts(
            exists=True,
            last_generated_id=str(info["last-generated-id"]),
            cursor_entry_exists=cursor == START or cursor in ids,
            older_entry_exists=any(each != cursor for each in ids),
        )

    async def read(self, cursors: Mapping[str, str], entries_max: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after each stream's cursor, at most `entries_max` of each; {} when there were none.

        Waits at most `block_ms`, cut to `BLOCK_MS_MAX`; 0 does not wait. A cancelled read takes no entry with it.
        """
        if not cursors:
            return {}
        keys: dict[Any, Any] = {self._prefix + stream: cursor for stream, cursor in cursors.items()}
        block = min(block_ms, BLOCK_MS_MAX) if block_ms > 0 else None  # BLOCK 0 would wait for ever
        async with away_on_error(self._place, self._timeout_s + (block or 0) / 1_000, "XREAD", *keys):
            try:
                reply: Any = await self._reader.xread(keys, count=entries_max, block=block)
            except ResponseError as error:
                raise away(self._place, error, self._timeout_s, "XREAD", *await self._strange(error, keys)) from error
        return {key.removeprefix(self._prefix): _entries(entries) for key, entries in reply or ()}

    async def last_entry(self, stream: str) -> Entry | None:
        """The newest entry, or None where there is none."""
        async with away_on_error(self._place, self._timeout_s, "XREVRANGE", self._prefix + stream):
            reply = await self._writer.xrevrange(self._prefix + stream, count=1)
        return next(iter(_entries(reply)), None)

    async def publish(self, stream: str, entries: Sequence[Outgoing], entries_max: int) -> int:
        """Append all of the entries, in order and in one transaction, or none of them: their number, or 0.

        0 means that the stream already holds the first id or a later one. The stream is watched between looking and
        appending: were it not, a stranger's entry could get in between, the first entries would be refused and
        the later ones taken, and the hole could never be filled. Raises `ValueError` for ids that do not rise.
        """
        require_rising(entries)
        if not entries:
            return 0
        key = self._prefix + stream
        async with (
            away_on_error(self._place, self._timeout_s, "XADD", key),
            self._writer.pipeline(transaction=True) as pipe,
        ):
            await pipe.watch(key)
            if id_order(await _last_generated_id(pipe, key)) >= id_order(entries[0].id):
                return 0
            pipe.multi()  # type: ignore[no-untyped-call]  # redis-py left it bare
            for entry in entries:
                fields: dict[Any, Any] = dict(entry.fields)
                pipe.xadd(key, fields, id=entry.id, maxlen=entries_max, approximate=True)
            await pipe.execute()
        return len(entries)

    async def write_hashes(self, hashes: Mapping[str, Mapping[str, str]]) -> None:
        """Replace each hash by these fields, all in one transaction; an empty mapping removes it."""
        if not hashes:
            return
        async with (
            away_on_error(self._place, self._timeout_s, "HSET", *(self._prefix + name for name in hashes)),
            self._writer.pipeline(transaction=True) as pipe,
        ):
            for name, fields in hashes.items():
                pipe.delete(self._prefix + name)
                if fields:
                    mapping: dict[Any, Any] = dict(fields)
                    pipe.hset(self._prefix + name, mapping=mapping)
            await pipe.execute()

    async def trim_before(self, stream: str, cursor: str) -> None:
        """Drop exactly the entries older than the cursor's; the cursor's own stays."""
        async with away_on_error(self._place, self._timeout_s, "XTRIM", self._prefix + stream):
            await self._writer.xtrim(self._prefix + stream, minid=cursor, approximate=False)

    async def claim(self, owner: Owner) -> Owner:
        """Take the instance's keys if nobody owns them, or whom it may follow; whoever owns them now.

        The journal that owns them may claim again, which renews the holder's text. Only the first of two journals
        that claim at once gets them. Keys that were nobody's get a mark of this claim: where it is found later, the
        reply was lost.
        """
        key = self._prefix + OWNER
        async with away_on_error(self._place, self._timeout_s, "WATCH", key):
            while True:
                try:
                    found, mark = await self._claimed(key, owner)
                except WatchError as error:
                    if not was_changed(error):
                        raise
                    continue  # another one came first: look at what it wrote
                break
        is_new = mark == self._mark
        if is_new:
            self._mark = _new_mark()
        return msgspec.structs.replace(found, is_new=is_new)

    async def _claimed(self, key: str, owner: Owner) -> tuple[Owner, str]:
        async with self._writer.pipeline(transaction=True) as pipe:
            await pipe.watch(key)
            fields: Any = await pipe.hgetall(key)
            standing = owner_in(fields)
            if standing is not None and not owner.may_follow(standing):
                return standing, fields.get(MARK, "")
            mark = self._mark if standing is None else fields.get(MARK, "")
            pipe.multi()  # type: ignore[no-untyped-call]  # redis-py left it bare
            pipe.hsetnx(key, "journal_id", owner.journal_id)
            mapping: dict[Any, Any] = {**owner_fields(owner), MARK: mark}
            pipe.hset(key, mapping=mapping)
            await pipe.execute()
        return owner, mark

    async def owner(self) -> Owner | None:
        """Whoever owns the instance's keys; None for nobody."""
        key = self._prefix + OWNER
        async with away_on_error(self._place, self._timeout_s, "HGETALL", key):
            fields: Any = await self._writer.hgetall(key)
        return owner_in(fields)

    async def _strange(self, error: ResponseError, keys: Collection[str]) -> list[str]:
        """The keys that the error is about: of several that were asked at once, those that hold no stream."""
        if len(keys) == 1 or not str(error).startswith(WRONG_TYPE):
            return list(keys)
        types = {key: await self._writer.type(key) for key in keys}
        return [key for key, kind in types.items() if kind not in {"stream", "none"}] or list(keys)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._reader.aclose(close_connection_pool=True)
        await self._writer.aclose(close_connection_pool=True)


def _new_mark() -> str:
    return secrets.token_hex(8)


async def _last_generated_id(pipe: Any, key: str) -> str:
    """The highest id that the stream ever held, deleted entries included; `START` where there is no stream.

    Asked in two steps, because fakeredis's TCP server closes the connection after every error it answers.
    """
    if not await pipe.exists(key):
        return START
    return str((await pipe.xinfo_stream(key))["last-generated-id"])


def _entries(reply: Any) -> list[Entry]:
    return [Entry(id=entry_id, fields=fields) for entry_id, fields in reply]
