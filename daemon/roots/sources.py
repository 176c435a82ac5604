"""Asking a source of payments: whole answers reach the revenue actor, and every other answer is unknown."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter

import msgspec
import structlog

from config.instants import Instant
from daemon.actors.revenue import NAME as REVENUE
from daemon.kernel import Kernel, Root, pause
from daemon.messages import SourceGave, SourceTaken
from daemon.recorder import Recorder
from daemon.roots.telling import TellingTimes, taken
from machines import breaker as breakers
from machines.breaker import Admission, Breaker, BreakerLimits
from machines.granting import breaker_event
from machines.ports.faults import Ambiguous, CallError, Transient
from machines.ports.journal import JournalRefusedError
from machines.ports.sources import PaymentSource, SourceRead
from machines.sources.asking import admission_of, answer_fault, reopens_in_s
from machines.state.sources import stream_of


class SourceTimes(msgspec.Struct, frozen=True):
    """How a source is asked. Waiting is in seconds of the loop."""

    poll_every_s: float
    breaker: BreakerLimits
    hears_news_only: bool = False
    """An answer that moved nothing is no sign of life: a folder that nobody puts files into answers too."""
    read_limit_s: float = 900
    """An adapter has its own time limits; this one is for what they forget."""
    beat_s: float = 15
    """No wait is longer, so that the root is seen to be alive and an operator's reset is seen by it."""
    entries_max: int = 1_000
    """Entries handed over at once: each is a transaction."""
    ask_timeout_s: float = 60
    disk_retry_s: float = 5
    news_spacing_s: float = 5
    """From the end of a read to one that news asks for: a burst of webhooks is one read, which costs several calls."""


class SourceRoot:
    """The root of one source that is asked."""

    def __init__(self, *, source: PaymentSource, recorder: Recorder, kernel: Kernel, times: SourceTimes) -> None:
        self.reads: Counter[str] = Counter()
        """How reads ended in this life: good, empty (nothing, from a source that never gave anything), failed."""
        self._source = source
        self._stream = stream_of(source.name)
        self._recorder = recorder
        self._kernel = kernel
        self._times = times
        self._recorded, self._position = "", ""
        """The recorded position that the newest one follows: what moved without news is recorded only now and then."""
        self._is_news = False
        """Whether what was read since the last end is a sign of life."""
        self._wanted = asyncio.Event()
        self._news_counts = False
        """Whether news may shorten the wait: not one after a failure, of `Retry-After` or of an open breaker."""
        self._said = ""
        self._log = structlog.get_logger("sources")

    def ask_now(self) -> None:
        """There is news: do not wait for the next poll, unless the source failed or was read a moment ago."""
        self._wanted.set()

    async def run(self, root: Root) -> None:
        """Ask until the daemon stops."""
        while True:
            root.beat()
            self._news_counts = False
            try:
                wait_s = await self._round(root)
            except JournalRefusedError:
                wait_s = self._times.disk_retry_s  # a failure could not be written down: as if it had not been asked
            await self._rest(root, wait_s)

    async def _round(self, root: Root) -> float:
        """One read, where the breaker lets it through; the seconds to wait for the next."""
        self._wanted.clear()
        breaker, now = self._breaker, self._now
        match admission_of(breaker, now):
            case Admission.REFUSE:
                return min(self._times.beat_s, reopens_in_s(breaker, now))
            case Admission.PROBE if breaker.probe != self._stream:
                await self._note_breaker(breakers.probing(breaker, self._stream), "the cool-down is over")
        before = self._before()
        try:
            read = await self._read(root, before)
        except CallError as failed:
            return await self._failed(failed)
        await self._hand_over(root, before, read)
        await self._worked()
        self._news_counts = True
        return 0.0 if read.more else self._times.poll_every_s

    def _before(self) -> str:
        """Where the next read goes on: where the last one ended, unless the journal has since been told otherwise."""
        recorded = self._recorder.state.cursors.get(self._stream, "")
        if recorded != self._recorded:
            self._recorded = self._position = recorded
        return self._position

    async def _read(self, root: Root, before: str) -> SourceRead:
        """The answer, if it can be true; the root beats while it is waited for."""
        read: SourceRead | Exception
        async with asyncio.TaskGroup() as group:
            beating = group.create_task(_beat(root, self._times.beat_s), name=f"beat of {root.name}")
            try:
                async with asyncio.timeout(self._times.read_limit_s):
                    read = await self._source.read(before)
            except TimeoutError:
                read = Ambiguous(f"no whole answer within {self._times.read_limit_s:g} s")
            except Exception as error:  # noqa: BLE001 - raised again below, out of the group
                read = error
            beating.cancel()
        if isinstance(read, Exception):
            raise read
        fault = answer_fault(before, read.position, read.through, more=read.more, now=self._now)
        if fault is not None:
            raise Ambiguous(fault)
        return read

    async def _hand_over(self, root: Root, before: str, read: SourceRead) -> None:
        """A bounded number of entries at a time; the position moves with the last of them."""
        step, entries = self._times.entries_max, read.entries
        while len(entries) > step:
            part = SourceGave(self._source.name, entries[:step], before, ended=False)
            self._is_news |= (await self._tell(root, part)).counted > 0
            entries = entries[step:]
        self._is_news |= read.is_news and not (self._times.hears_news_only and read.position == before)
        gave = SourceGave(
            self._source.name,
            entries,
            read.position,
            None if read.more else read.through,
            ended=not read.more,
            is_news=self._is_news,
            position_counts=self._times.hears_news_only,
        )
        taken = await self._tell(root, gave)
        self._recorded = self._recorder.state.cursors.get(self._stream, "")
        # The first words of a source are asked for again until there is a payment among them; a file is read once.
        asked_again = taken.unknown and not read.more and not self._times.hears_news_only
        self._position = self._recorded if asked_again else read.position
        self._is_news = read.more and (self._is_news or taken.counted > 0)
        self.reads["empty" if taken.unknown else "good"] += 1

    async def _tell(self, root: Root, gave: SourceGave) -> SourceTaken:
        """Ask the actor, so that a slow journal slows the source and never the memory."""
        times = TellingTimes(self._times.ask_timeout_s, self._times.disk_retry_s)
        reply = await taken(root, self._kernel, REVENUE, gave, times)
        assert isinstance(reply, SourceTaken)
        return reply

    async def _failed(self, failed: CallError) -> float:
        self.reads["failed"] += 1
        if failed.reason != self._said:
            self._said = failed.reason
            self._log.warning("source_failed", source=self._source.name, reason=failed.reason)
        await self._note_breaker(breakers.failed(self._breaker, self._now, self._times.breaker), failed.reason)
        times = self._times
        wait_s = min(times.poll_every_s, float(times.breaker.cooldown_initial_s))
        wished_s = failed.retry_after_s if isinstance(failed, Transient) else None
        return max(wait_s, min(wished_s or 0.0, float(times.breaker.cooldown_max_s)))

    async def _worked(self) -> None:
        """Close the breaker, and take back what the last failure said."""
        stand = self._recorder.state.revenue.sources.stands.get(self._source.name)
        after = breakers.succeeded(self._breaker)
        if after != self._breaker or (stand is not None and stand.reason):
            await self._note_breaker(after, "")
        if self._said:
            self._said = ""
            self._log.info("source_works", source=self._source.name)

    async def _rest(self, root: Root, seconds: float) -> None:
        """Wait, beating, until the time is over or there is news that counts."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds
        least_s = loop.time() + (min(seconds, self._times.news_spacing_s) if self._news_counts else seconds)
        while (left_s := (least_s if self._wanted.is_set() else until_s) - loop.time()) > 0:
            root.beat()
            step_s = min(left_s, self._times.beat_s)
            if self._wanted.is_set():
                await pause(step_s)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(step_s):
                    await self._wanted.wait()
        if seconds <= 0:
            await pause(0)  # a source with much to give must not keep the loop to itself

    async def _note_breaker(self, breaker: Breaker, reason: str) -> None:
        await self._recorder.record(self._stream, (breaker_event(self._stream, breaker, reason),))

    @property
    def _breaker(self) -> Breaker:
        return self._recorder.state.breakers.get(self._stream) or Breaker()

    @property
    def _now(self) -> Instant:
        return self._recorder.clock.wall()


async def _beat(root: Root, every_s: float) -> None:
    while True:
        root.beat()
        await pause(every_s)
