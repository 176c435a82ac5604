"""Reading incoming streams: every entry reaches its actor, and the position moves only with the effect."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import structlog

from daemon.kernel import Kernel, Root, pause_beating
from daemon.messages import CaughtUp, EntriesArrived, StreamGap, StreamReplaced, StreamsLost, StreamsReached
from daemon.recorder import Recorder
from daemon.roots.gate import Gate, OwnedByAnotherError
from daemon.roots.telling import TellingTimes, taken
from machines.entry_ids import entry_order
from machines.ports.streams import START, Entry, StreamFacts, Streams, StreamsAwayError


class IntakeLimits(msgspec.Struct, frozen=True):
    """How streams are read. Waiting is in seconds of the loop."""

    entries_max: int = 1000
    block_ms: int = 1000
    ask_timeout_s: float = 60
    retry_initial_s: float = 0.5
    retry_max_s: float = 10
    trim_every_s: float = 60
    look_every_s: float = 5
    """How often a living connection is asked whether the stream is the one that was read, and whole."""
    disk_retry_s: float = 5
    """How long to wait before a full journal is asked again."""


class Intake:
    """One reader of some streams on behalf of one actor."""

    def __init__(
        self,
        *,
        names: Sequence[str],
        actor: str,
        watches_gaps: bool,
        streams: Streams,
        recorder: Recorder,
        kernel: Kernel,
        gate: Gate,
        limits: IntakeLimits,
    ) -> None:
        """`watches_gaps` says that the actor wants to know of outages, replaced streams and lost entries."""
        self._names = tuple(names)
        self._actor = actor
        self._watches_gaps = watches_gaps
        self._streams = streams
        self._recorder = recorder
        self._kernel = kernel
        self._gate = gate
        self._limits = limits
        self._connected = False
        self._caught_up = False
        self._failures = 0
        self._servers: dict[str, int] = {}
        """By stream: on which of the servers that the gate has counted it was last judged."""
        self._gaps: dict[str, str] = {}
        """By stream: the position behind which a gap was told, which is told once."""
        self._said = ""
        """Why streams whose absence freezes nothing were not read; "" once they are read again."""
        self._trimmed_s = 0.0
        self._looked_s = 0.0

    async def run(self, root: Root) -> None:
        """Read until the daemon stops; an unreachable server is waited for."""
        self._connected = False
        while True:
            root.beat()
            try:
                await self._round(root)
            except (StreamsAwayError, OwnedByAnotherError) as away:
                await self._lost(root, str(away))

    async def _round(self, root: Root) -> None:
        if not self._connected:
            await self._connect(root)
        cursors = {name: self._cursor(name) for name in self._names}
        arrived = await self._streams.read(cursors, self._limits.entries_max, self._limits.block_ms)
        for stream, entries in arrived.items():
            # Behind a position whose entry has gone, what was read may not be what came next.
            if await self._is_the_same(root, stream):
                await self._hand_over(root, stream, entries)
        if self._watches_gaps and not self._caught_up and not arrived:
            self._caught_up = True
            await self._tell(root, CaughtUp())
        await self._look_when_due(root)
        await self._trim_when_due(root)

    async def _connect(self, root: Root) -> None:
        """Hold each stream against our position before a single entry is read."""
        await self._gate.enter()
        for name in self._names:
            await self._is_the_same(root, name)
        if self._watches_gaps:
            await self._tell(root, StreamsReached())
        self._connected, self._caught_up, self._failures, self._said = True, False, 0, ""

    async def _is_the_same(self, root: Root, name: str) -> bool:
        """Whether the stream is still the one that our position was taken in; where not, it is read from its start.

        The entry at our position is kept by our own trimming. Without it, one before it shows that nobody trimmed so
        far: the stream is that of a replica, or of a disk, which never had our newest entries, and may have others
        below our position. Without that either, it is a new server's, or somebody trimmed what we have not read.
        """
        cursor = self._cursor(name)
        facts = await self._streams.facts(name, cursor)
        if cursor == START or facts.cursor_entry_exists:
            self._servers[name] = self._gate.servers
            return True
        another = _is_replaced(facts, cursor) or facts.older_entry_exists
        if not another:
            await self._gate.enter()  # whose keys these are tells a server that was emptied and filled again
            another = self._gate.servers != self._servers.get(name, 0)
        self._servers[name] = self._gate.servers
        if another:
            await self._tell(root, StreamReplaced(name))
        elif self._watches_gaps and self._gaps.get(name) != cursor:
            self._gaps[name] = cursor
            await self._tell(root, StreamGap(name))
        return not another

    async def _hand_over(self, root: Root, stream: str, entries: list[Entry]) -> None:
        """Ask, so that a slow journal slows the intake and never the memory."""
        await self._tell(root, EntriesArrived(stream, tuple(entries)))

    async def _tell(self, root: Root, message: msgspec.Struct) -> None:
        limits = self._limits
        times = TellingTimes(limits.ask_timeout_s, limits.disk_retry_s, limits.retry_initial_s, limits.retry_max_s)
        await taken(root, self._kernel, self._actor, message, times)

    async def _lost(self, root: Root, reason: str) -> None:
        self._connected = False
        self._failures += 1
        if self._watches_gaps:
            await self._tell(root, StreamsLost(reason))
        elif reason != self._said:
            self._said = reason
            structlog.get_logger("intake").warning("commands_away", streams=",".join(self._names), reason=reason)
        limits = self._limits
        await pause_beating(root, min(limits.retry_max_s, limits.retry_initial_s * 2.0 ** min(self._failures - 1, 16)))

    async def _look_when_due(self, root: Root) -> None:
        """A stream that was deleted, or written anew, gives nothing above our position: without a look, for ever.

        So does a stream out of which entries were trimmed unread, until a later one comes.
        """
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_s < self._limits.look_every_s:
            return
        self._looked_s = now_s
        for name in self._names:
            if self._cursor(name) != START:
                await self._is_the_same(root, name)

    async def _trim_when_due(self, root: Root) -> None:
        """Only the daemon trims its streams, and never the entry at its own position.

        A stream that was replaced under a living connection would lose what nobody has read yet: it is read instead.
        """
        now_s = asyncio.get_running_loop().time()
        if now_s - self._trimmed_s < self._limits.trim_every_s:
            return
        self._trimmed_s = now_s
        for name in self._names:
            cursor = self._cursor(name)
            if cursor != START and await self._is_the_same(root, name):
                await self._streams.trim_before(name, cursor)

    def _cursor(self, name: str) -> str:
        return self._recorder.state.cursors.get(name, START)


def _is_replaced(facts: StreamFacts, cursor: str) -> bool:
    """Whether another stream stands where the cursor was taken."""
    return not facts.exists or entry_order(facts.last_generated_id) < entry_order(cursor)
