"""Publication: what is durable appears in the outgoing streams exactly once, and the hashes show what it led to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec
import structlog

from daemon.kernel import Root
from daemon.publication.changes import Changes
from daemon.publication.entries import EVENTS, STREAMS
from daemon.publication.outlet import Outlet, StreamReplacedError
from daemon.publication.tail import Tail
from daemon.recorder import Recorder
from daemon.roots.gate import LOOK_EVERY_S, Gate, OwnedByAnotherError
from machines.events import Recorded
from machines.ports.journal import JournalRefusedError
from machines.ports.streams import Streams, StreamsAwayError


class PublicationLimits(msgspec.Struct, frozen=True):
    """How much is published at once, and how long is waited. Seconds are of the loop."""

    stream_entries_max: int = 100_000
    batch_entries_max: int = 500
    tail_events_max: int = 10_000
    """Events that wait in memory; beyond them the journal is read."""
    gather_s: float = 0.01
    """How long news may gather: what one decision leads to shares its round trips, and is not slowed by them."""
    retry_initial_s: float = 1
    retry_max_s: float = 10
    beat_s: float = 5
    look_every_s: float = 5
    """How often a server to which there is nothing to say is asked whether it still holds what was published."""
    recheck_s: float = 60
    """How often a stream that holds a stranger's entry is looked at again."""


class Publication:
    """A root that `finishes`: told to stop, it publishes what is durable and returns, or gives up if Redis is away."""

    def __init__(
        self,
        *,
        streams: Streams,
        recorder: Recorder,
        gate: Gate,
        limits: PublicationLimits,
        about: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Listens to the recorder from now on. `about` adds to the hash `status` what only the process knows."""
        self.connected = False
        self.away = ""
        """Why nothing is published; empty while connected and before the first attempt."""
        self._streams = streams
        self._recorder = recorder
        self._gate = gate
        self._limits = limits
        self._about = about
        self._tail = Tail(recorder.journal, limits.tail_events_max)
        self._changes = Changes(recorder.state)
        self.outlets = tuple(
            Outlet(name, streams, recorder.journal, entries_max=limits.stream_entries_max) for name in STREAMS
        )
        self._events = next(outlet for outlet in self.outlets if outlet.name == EVENTS)
        self._said: dict[str, str] = {}
        self._news = asyncio.Event()
        self._failures = 0
        self._rechecked_s = 0.0
        self._looked_s = 0.0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._log = structlog.get_logger("publication")
        recorder.listen(self._note)

    @property
    def published_sequence(self) -> int:
        """All events up to this one are in the stream `events`, and their entries in the other streams."""
        return self._events.position

    @property
    def lag_events(self) -> int:
        """How many durable events are not yet in the stream `events`."""
        return max(0, self._recorder.journal.last_sequence - self.published_sequence)

    @property
    def blocked(self) -> Mapping[str, str]:
        """The streams that take nothing from us, and why."""
        return {outlet.name: outlet.blocked for outlet in self.outlets if outlet.blocked}

    async def wait_published(self, sequence: int) -> None:
        """Return once the event is in the streams and the hashes that followed it are written."""
        if self.connected and self.published_sequence >= sequence and not self._news.is_set():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((sequence, future))
        self._news.set()
        await future

    async def run(self, root: Root) -> None:
        """Publish until the daemon stops; an unreachable server is waited for."""
        self.connected = False
        while True:
            root.beat()
            self._news.clear()
            try:
                await self._round(root)
            except (StreamsAwayError, OwnedByAnotherError, JournalRefusedError) as away:
                self._lost(str(away))
                if root.stopping.is_set():
                    return
                await self._pause(root)
                continue
            except StreamReplacedError as replaced:
                self.connected = False
                self._log.warning("publication_replaced", reason=str(replaced))
                continue
            self._settle_waiting()
            if root.stopping.is_set() and not self._news.is_set():
                return
            await self._wait_for_news(root)
            await self._let_gather(root)

    # --- one round ---

    async def _round(self, root: Root) -> None:
        if not self.connected:
            await self._connect()
        await self._gate.look(every_s=LOOK_EVERY_S)
        await self._look_when_due()
        await self._recheck_blocked()
        while True:
            root.beat()
            events = await self._next_events()
            for outlet in self.outlets:
                await outlet.publish(events)
            if self._events.blocked and not self._said.get(EVENTS):
                await self._gate.enter()  # it tells another leader from a restored backup and from a stranger
            self._say_blocked()
            await self._write_hashes()
            if len(events) < self._limits.batch_entries_max:
                return  # what was recorded meanwhile is news

    async def _connect(self) -> None:
        await self._gate.enter()
        await self._events.examine()
        # What `events` holds, the others held before it; the newest are looked through again all the same.
        kept_from = self._recorder.journal.last_sequence - self._limits.stream_entries_max
        floor = 0 if self._events.blocked else max(0, min(self._events.position, kept_from))
        for outlet in self.outlets:
            if outlet is not self._events:
                await outlet.examine(floor=floor)
        self._changes.forget_written()
        self.connected, self._failures = True, 0
        self._rechecked_s = self._looked_s = asyncio.get_running_loop().time()
        if self.away:
            self.away = ""
            self._log.info("publication_resumed", sequence=self.published_sequence, lag_events=self.lag_events)

    async def _next_events(self) -> list[Recorded]:
        positions = [outlet.position for outlet in self.outlets if not outlet.blocked]
        if not positions:
            return []
        return await self._tail.after(min(positions), self._limits.batch_entries_max)

    async def _look_when_due(self) -> None:
        """An emptied server shows nothing of us until something happens; so it is found without that."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._looked_s >= self._limits.look_every_s:
            self._looked_s = now_s
            await self._events.require_there()

    async def _recheck_blocked(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if not self.blocked or now_s - self._rechecked_s < self._limits.recheck_s:
            return
        self._rechecked_s = now_s
        for outlet in self.outlets:
            if outlet.blocked:
                await outlet.examine()

    async def _write_hashes(self) -> None:
        identity, items_max = self._recorder.journal.identity, self._limits.batch_entries_max
        while True:
            hashes = self._changes.take(identity, self._about(), items_max)
            if hashes:
                await self._streams.write_hashes(hashes)
            if not self._changes.components_wait:
                return

    # --- around it ---

    def _note(self, recorded: Recorded) -> None:
        self._tail.add(recorded)
        self._changes.note(recorded.event)
        self._news.set()

    def _say_blocked(self) -> None:
        """Said once per change."""
        for outlet in self.outlets:
            if outlet.blocked == self._said.get(outlet.name, ""):
                continue
            self._said[outlet.name] = outlet.blocked
            if outlet.blocked:
                self._log.error("stream_blocked", stream=outlet.name, reason=outlet.blocked)
            else:
                self._log.info("stream_unblocked", stream=outlet.name)

    def _lost(self, reason: str) -> None:
        self.connected = False
        self._failures += 1
        if not self.away:
            self._log.warning("publication_away", reason=reason, lag_events=self.lag_events)
        self.away = reason

    def _settle_waiting(self) -> None:
        for sequence, future in self._waiting:
            if self.published_sequence >= sequence and not future.done():
                future.set_result(None)
        self._waiting = [each for each in self._waiting if not each[1].done()]

    async def _pause(self, root: Root) -> None:
        limits = self._limits
        delay_s = min(limits.retry_max_s, limits.retry_initial_s * 2.0 ** min(self._failures - 1, 16))
        try:
            async with asyncio.timeout(delay_s):
                await root.stopping.wait()
        except TimeoutError:
            return

    async def _let_gather(self, root: Root) -> None:
        try:
            async with asyncio.timeout(self._limits.gather_s):
                await root.stopping.wait()
        except TimeoutError:
            return

    async def _wait_for_news(self, root: Root) -> None:
        """Until an event was recorded or a stop begins, at most until the next beat is due."""
        if self._news.is_set() or root.stopping.is_set():
            return
        async with asyncio.TaskGroup() as group:
            news = group.create_task(self._news.wait(), name="publication: news")
            stop = group.create_task(root.stopping.wait(), name="publication: stop")
            await asyncio.wait((news, stop), timeout=self._limits.beat_s, return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            stop.cancel()
