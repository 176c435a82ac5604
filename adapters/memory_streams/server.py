"""A server of streams and hashes in memory, and the faults that a test may give it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from adapters.memory_streams.held_stream import HeldStream
from adapters.redis_streams.ids import id_order
from adapters.redis_streams.names import DEFAULT_INSTANCE, key_prefix
from machines.ports.clock import Clock
from machines.ports.streams import Entry, StreamsAwayError

Hook = Callable[[str], None]
"""Called with the name of the port's method; may raise a simulated crash, or `StreamsAwayError`."""


def _nothing(_call: str) -> None:
    """The hook that does nothing."""


class MemoryServer:
    """What every connection shares. Stays when a simulated process dies; its faults are switched from outside.

    `before_call` runs before a call is applied, `after_call` after it: what they raise reaches the caller, so that
    `after_call` raising is a call that was applied and whose reply was lost.
    """

    def __init__(self, clock: Clock) -> None:
        self.before_call: Hook = _nothing
        self.after_call: Hook = _nothing
        self.streams: dict[str, HeldStream] = {}
        """By full key. Tests read through `entries` instead."""
        self.hashes: dict[str, dict[str, str]] = {}
        """By full key. Tests read through `hash_fields` instead."""
        self._clock = clock
        self._away: str | None = None
        self._marks = 0
        self._breaks = 0
        """How often the connections broke; a read that saw it change must not go on."""
        self._lost_replies: list[str] = []
        self._waiting: dict[asyncio.Future[None], None] = {}
        """In the order of their coming: a set would wake them in another order in every run."""

    def go_away(self, reason: str = "connection refused") -> None:
        """From now on every call raises `StreamsAwayError`, blocked reads at once; the data stays."""
        self._away = reason
        self._breaks += 1
        self.wake()

    def come_back(self) -> None:
        """Answer again."""
        self._away = None

    def restart_empty(self) -> None:
        """Lose everything, as a server without a disk does; blocked reads see their connection break."""
        self.streams.clear()
        self.hashes.clear()
        self._breaks += 1
        self.wake()

    def delete(self, stream: str, instance: str = DEFAULT_INSTANCE) -> None:
        """Remove a stream and its ids, as `DEL` does; adding to it again makes a replaced stream."""
        self.streams.pop(key_prefix(instance) + stream, None)

    def lose_reply_of(self, call: str) -> None:
        """The next call of this name is applied, and then raises `StreamsAwayError`."""
        self._lost_replies.append(call)

    def add(
        self,
        stream: str,
        fields: Mapping[str, str],
        instance: str = DEFAULT_INSTANCE,
        entry_id: str | None = None,
    ) -> str:
        """Play `XADD stream '*'` by anybody; the new entry's id.

        Raises `ValueError` for a given id that does not rise.
        """
        key = key_prefix(instance) + stream
        held = self.streams.get(key, HeldStream())
        last = id_order(held.last_generated_id)
        if entry_id is None:
            milliseconds = self._clock.wall() // 1_000
            entry_id = f"{milliseconds}-0" if milliseconds > last[0] else f"{last[0]}-{last[1] + 1}"
        if id_order(entry_id) <= last:
            raise ValueError(f"expected an id above {held.last_generated_id}, found {entry_id}")
        self.streams[key] = held
        held.append(Entry(id=entry_id, fields=dict(fields)))
        self.wake()
        return entry_id

    def entries(self, stream: str, instance: str = DEFAULT_INSTANCE) -> list[Entry]:
        """Every entry that the stream holds."""
        held = self.streams.get(key_prefix(instance) + stream)
        return list(held.entries) if held else []

    def hash_fields(self, name: str, instance: str = DEFAULT_INSTANCE) -> dict[str, str]:
        """The hash as `HGETALL` shows it; {} where there is none."""
        return dict(self.hashes.get(key_prefix(instance) + name, {}))

    def hash_names(self, instance: str = DEFAULT_INSTANCE) -> list[str]:
        """The names of the instance's hashes, sorted."""
        prefix = key_prefix(instance)
        return sorted(key.removeprefix(prefix) for key in self.hashes if key.startswith(prefix))

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Apply the faults around one call."""
        self.before_call(name)
        self._require_here()
        yield
        self.after_call(name)
        if name in self._lost_replies:
            self._lost_replies.remove(name)
            raise StreamsAwayError(f"the reply to {name} was lost")

    def new_mark(self) -> str:
        """Another one each time."""
        self._marks += 1
        return f"mark {self._marks}"

    def wake(self) -> None:
        """Let every blocked read look again."""
        waiting, self._waiting = self._waiting, {}
        for future in waiting:
            # The loop of a process that was killed in the simulation may be closed already.
            if not future.done() and not future.get_loop().is_closed():
                future.set_result(None)

    async def wait_for_entries(self, seconds: float) -> None:
        """Return when an entry was added or the time is over; raises `StreamsAwayError` when the connection breaks."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        breaks = self._breaks
        self._waiting[future] = None
        try:
            async with asyncio.timeout(seconds):
                await future
        except TimeoutError:
            return
        finally:
            self._waiting.pop(future, None)
        self._require_here()
        if breaks != self._breaks:
            raise StreamsAwayError("the memory server broke the connection")

    def _require_here(self) -> None:
        if self._away is not None:
            raise StreamsAwayError(f"the memory server is away: {self._away}")
