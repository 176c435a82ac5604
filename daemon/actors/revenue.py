"""The revenue actor: writes each payment once, folds it into revenue and MRR, closes months, says what is unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby

import msgspec

from config.calendar import Calendar, calendar_of
from config.instants import Instant
from config.plan import Plan
from daemon.actors.away_words import AwayWords, meaning_of
from daemon.actors.entry_judging import EntryJudge
from daemon.actors.planner import NAME as PLANNER
from daemon.actors.recording import RecordingActor
from daemon.actors.source_watch import SourceWatch
from daemon.actors.supervisor import NAME as SUPERVISOR
from daemon.actors.unread import unread
from daemon.kernel import Kernel
from daemon.messages import (
    CaughtUp,
    EntriesArrived,
    MonthsClosed,
    Reconsider,
    SourceGave,
    SourceTaken,
    StreamGap,
    StreamReplaced,
    StreamsLost,
    StreamsReached,
    Tick,
    TrustClock,
)
from daemon.recorder import Recorder
from machines.clock_watch import ClockWatch, confirmed, first_look, looked
from machines.events import (
    CursorMoved,
    EntryRejected,
    Event,
    FreezeChanged,
    PaymentsRecorded,
    SourceHeard,
    WatermarkReached,
)
from machines.measuring import measured, months_closed, reading_now
from machines.ports.clock import Clock
from machines.ports.streams import START, Entry
from machines.revenue.closing import Closing, Source, judge_closing, watermark_fault
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import watermark_from_fields
from machines.revenue.readings import Quality
from machines.sources.freshness import is_worth_recording
from machines.state.revenue import RevenueState
from machines.state.sources import SourceStand, stream_of

NAME = "revenue"
_DUE = frozenset({"source_silent", "implausible"})
"""The freezes that this actor sets and lifts by itself at each look."""


class Revenue(RecordingActor):
    """The only writer of payment, month and reading events."""

    __slots__ = (
        "_away",
        "_caught_up",
        "_clock",
        "_entries",
        "_kernel",
        "_recorder",
        "_sources",
        "_tick_s",
        "_watch",
    )  # fmt: skip

    def __init__(
        self,
        *,
        recorder: Recorder,
        kernel: Kernel,
        clock: Clock,
        key: bytes,
        tick_s: float,
        sources: SourceWatch | None = None,
    ) -> None:
        """`key` keys the fingerprints and customer hashes of this journal."""
        super().__init__(NAME)
        self._recorder = recorder
        self._kernel = kernel
        self._clock = clock
        self._entries = EntryJudge(recorder, clock, key)
        self._tick_s = tick_s
        self._watch: ClockWatch | None = None
        self._caught_up = False
        self._away = AwayWords()
        self._sources = sources or SourceWatch({})

    async def started(self) -> None:
        """What is due may have become due while nobody ran."""
        self._kernel.tell(NAME, Tick())

    async def handle(self, message: msgspec.Struct) -> object | None:
        """Take entries, or look at what time has made of them."""
        match message:
            case EntriesArrived():
                cursor = self._recorder.state.cursors.get(message.stream, START)
                await self._take(message.stream, unread(message.entries, cursor))
            case SourceGave():
                return await self._take_from_source(message)
            case Tick():
                due_s = asyncio.get_running_loop().time() + self._tick_s
                self._kernel.timers.schedule(due_s, self._kernel.find(NAME), Tick())
                await self._look()
            case TrustClock():
                self._watch = confirmed(self._looked())
                await self._look()
            case StreamReplaced():
                why = "the stream was replaced: read from its start, payments already counted are duplicates"
                await self._record(CursorMoved(message.stream, START, why))
            case StreamGap():
                reason = f"entries of {message.stream} may have been trimmed unread; send them again, then resume"
                await self._freeze("stream_gap", reason)
            case CaughtUp():
                self._caught_up = True
                await self._look()
            case StreamsLost():
                self._caught_up = False
                await self._say_away(message.reason)
            case StreamsReached():
                self._away.forget()
                await self._thaw("streams_away")
            case _:
                raise TypeError(f"the revenue actor understands no {type(message).__name__}")
        return None

    # --- taking entries ---

    async def _take(self, stream: str, entries: Sequence[Entry]) -> None:
        """Take the entries in order: payments in batches, each watermark by itself."""
        for is_watermark, run in groupby(entries, key=lambda entry: "watermark" in entry.fields):
            if is_watermark:
                for entry in run:
                    await self._take_watermark(stream, entry)
            else:
                await self._take_payments(stream, tuple(run))
        await self._measure(confirmed_now=False)

    async def _take_payments(self, stream: str, entries: tuple[Entry, ...]) -> None:
        taken = await self._entries.judged(stream, entries[-1].id, entries)
        await self._recorder.record(NAME, taken.events, payments=taken.payments)

    async def _take_watermark(self, stream: str, entry: Entry) -> None:
        """Record the watermark together with the months that it closes."""
        now = self._clock.wall()
        try:
            through = watermark_from_fields(entry.fields)
            assert through is not None
        except FieldError as error:
            await self._reject_watermark(stream, entry, error)
            return
        fault = watermark_fault(through, now)
        if fault is not None:
            await self._reject_watermark(stream, entry, FieldError("watermark", fault))
            return
        reached = WatermarkReached(stream, entry.id, through, now)
        known = self._revenue().watermark
        closing = self._judge_closing(max(through, known) if known is not None else through, now)
        await self._close(closing, (reached,))

    async def _reject_watermark(self, stream: str, entry: Entry, error: FieldError) -> None:
        taken = self._entries.rejected(stream, entry, error)
        await self._recorder.record(NAME, taken.events)

    # --- taking from sources ---

    async def _take_from_source(self, gave: SourceGave) -> SourceTaken:
        """Count what a source gave, move its position in the same transaction, and note that it was heard."""
        stand = self._revenue().sources.stands.get(gave.source)
        if stand is None or not self._sources.is_known(gave.source):
            raise ValueError(f"no source {gave.source} is configured")
        if not gave.entries and gave.position is not None and stand.gave_at is None:
            return SourceTaken(unknown=True)
        before, taken = self._recorder.state.sequence, SourceTaken()
        if gave.entries:
            taken = await self._count_from_source(gave, stand)
        if gave.ended:
            self._sources.note_read(gave.source)
            if gave.is_news or taken.counted:
                await self._hear_source(gave, stand)
        if self._recorder.state.sequence != before:
            await self._close(self._judge_closing(self._revenue().watermark, self._clock.wall()), ())
            await self._measure(confirmed_now=False)
        return taken

    async def _count_from_source(self, gave: SourceGave, stand: SourceStand) -> SourceTaken:
        stream = stream_of(gave.source)
        at = self._recorder.state.cursors.get(stream, "")
        cursor = at if gave.position is None else gave.position
        judged = await self._entries.judged(stream, cursor, gave.entries)
        events = judged.events
        if gave.position is not None:
            events = tuple(self._sources.without_repeated(events, self._recorder.state))
        (counted,) = (event for event in judged.events if isinstance(event, PaymentsRecorded))
        # A read that only saw again what it gave before says nothing new; that its position moved, `SourceHeard` says.
        news = judged.payments or len(events) > 1 or stand.gave_at is None or (cursor != at and not gave.ended)
        if news or gave.position is None:
            await self._recorder.record(NAME, events, payments=judged.payments)
            self._sources.note_told(events)
        rejected = (each for each in judged.events if isinstance(each, EntryRejected))
        return SourceTaken(
            len(counted.counted),
            counted.duplicates,
            counted.not_completed,
            tuple((each.entry_id, each.field, each.reason) for each in rejected),
        )

    async def _hear_source(self, gave: SourceGave, stand: SourceStand) -> None:
        """Note that a source came to its end; in the journal only where anything depends on it."""
        now, stream = self._clock.wall(), stream_of(gave.source)
        position = self._recorder.state.cursors.get(stream, "") if gave.position is None else gave.position
        through = gave.through
        if stand.is_doubtful(now) or (through is not None and stand.through is not None and through <= stand.through):
            through = None
        # Any other position that moved without a payment holds a time: what a restart reads again for it is known.
        moved = gave.position_counts and position != self._recorder.state.cursors.get(stream, "")
        worth = moved or is_worth_recording(stand, now, through, self._sources.stale_after_s(gave.source))
        if through is not None and (gave.position is None or worth):
            await self._record(WatermarkReached(stream, position, through, now))
        elif worth:
            await self._record(SourceHeard(gave.source, position, now))
        self._sources.note_heard(gave.source, now)
        await self._thaw(stream)

    async def _freeze_as_sources(self, now: Instant) -> None:
        for key, why in self._sources.freezes(self._recorder.state, now).items():
            await self._set_freeze(key, why)

    # --- closing and measuring ---

    async def _look(self) -> None:
        """What time alone has made due: months to close, a source gone silent, a clock gone wrong."""
        self._watch = self._looked()
        if self._watch.trusted:
            await self._thaw("clock")
        else:
            await self._freeze("clock", self._watch.reason)
        if self._recorder.state.plan is None:
            return
        now = self._clock.wall()
        await self._freeze_as_sources(now)
        closing = self._judge_closing(self._revenue().watermark, now)
        await self._close(closing, ())
        await self._measure(confirmed_now=False)

    def _judge_closing(self, watermark: Instant | None, now: Instant) -> Closing:
        revenue = self._revenue()
        source = Source(
            now=now,
            clock_trusted=self._looked().trusted,
            watermark=revenue.sources.covered(watermark),
            sent=watermark,
            behind=revenue.sources.behind,
            vouched=revenue.sources.through,
            heard_at=revenue.known_at,
            first_heard_at=revenue.first_heard_at,
            caught_up=self._caught_up and self._sources.caught_up,
        )
        return judge_closing(revenue.book, source, self._plan().policies.revenue, self._calendar())

    async def _close(self, closing: Closing, before: tuple[Event, ...]) -> None:
        """Record the closes as one group, then let them be judged."""
        closed = months_closed(closing, self._revenue().book, self._plan().policies.revenue)
        lifted: list[Event] = []
        if closed:  # a close decides on closed figures alone, whatever the gauge showed before it (RESOLUTIONS 6)
            freezes = self._recorder.state.freezes
            lifted = [FreezeChanged(key, frozen=False) for key in sorted(_DUE & freezes.keys())]
        events = (*before, *closed, *lifted)
        if events:
            await self._record(*events)
        if closed:
            self._kernel.tell(PLANNER, MonthsClosed())
        await self._freeze_as(closing)
        if closed or before:
            await self._measure(confirmed_now=True)

    async def _freeze_as(self, closing: Closing) -> None:
        """A month that is due and unknown freezes decisions (RESOLUTIONS 3); the clock has a key of its own."""
        silent = closing.freezes and closing.stays_open.value == "silent"
        implausible = closing.freezes and closing.stays_open.value == "implausible"
        await self._set_freeze("month_silent", closing.reason if silent else None)
        await self._set_freeze("month_implausible", closing.reason if implausible else None)

    async def _measure(self, *, confirmed_now: bool) -> None:
        """Publish the gauge when it changed, and freeze while it cannot be trusted."""
        state, now = self._revenue(), self._clock.wall()
        if state.book.first_month is None:
            return
        policy = self._plan().policies.revenue
        reading = reading_now(state, policy, now, clock_trusted=self._looked().trusted, confirmed=confirmed_now)
        await self._set_freeze("source_silent", reading.reason if reading.quality is Quality.SILENT else None)
        await self._set_freeze("implausible", reading.reason if reading.quality is Quality.IMPLAUSIBLE else None)
        event = measured(state, reading, policy, self._calendar())
        if event is not None:
            await self._record(event)

    # --- freezes ---

    async def _set_freeze(self, key: str, reason: str | None) -> None:
        if reason is None:
            await self._thaw(key)
        else:
            await self._freeze(key, reason)

    async def _freeze(self, key: str, reason: str) -> None:
        """Said once per change: a reason that only differs in words is not said again."""
        if key not in self._recorder.state.freezes:
            await self._record(FreezeChanged(key, frozen=True, reason=reason))

    async def _say_away(self, reason: str) -> None:
        """Said once per change, and again where the same outage turns out to be something else."""
        held = self._recorder.state.freezes.get("streams_away")
        if self._away.is_news(reason) and (held is None or meaning_of(held) != meaning_of(reason)):
            await self._record(FreezeChanged("streams_away", frozen=True, reason=reason))

    async def _thaw(self, key: str) -> None:
        if key in self._recorder.state.freezes:
            await self._record(FreezeChanged(key, frozen=False))
            self._kernel.tell(SUPERVISOR, Reconsider())
            self._kernel.tell(PLANNER, MonthsClosed())

    # --- what it stands on ---

    def _looked(self) -> ClockWatch:
        wall, monotonic_s = self._clock.wall(), self._clock.monotonic_s()
        if self._watch is None:
            self._watch = first_look(wall, monotonic_s, self._recorder.last_recorded_at)
        else:
            self._watch = looked(self._watch, wall, monotonic_s)
        return self._watch

    def _revenue(self) -> RevenueState:
        return self._recorder.state.revenue

    def _plan(self) -> Plan:
        plan = self._recorder.state.plan
        assert plan is not None, "the plan is adopted before any entry is read"
        return plan

    def _calendar(self) -> Calendar:
        return calendar_of(self._plan().timezone)

    async def _record(self, *events: Event) -> None:
        await self._recorder.record(NAME, events)
