"""What entries are worth to the revenue actor: read, held against what is known, turned into events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.calendar import calendar_of
from config.plan import Plan
from daemon.recorder import Recorder
from machines.intake import Read, Rejected, Taken, take_batch
from machines.ports.clock import Clock
from machines.ports.journal import PaymentSeen
from machines.ports.streams import Entry
from machines.revenue.conversion import Conversion
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader


class EntryJudge:
    """Judges by the state as it is folded when it is asked; records nothing."""

    def __init__(self, recorder: Recorder, clock: Clock, key: bytes) -> None:
        """`key` keys the fingerprints and customer hashes of this journal."""
        self._recorder = recorder
        self._clock = clock
        self._key = key
        self._reader = PaymentReader()
        self._conversion: Conversion | None = None
        self._conversion_plan = ""

    async def judged(self, stream: str, cursor: str, entries: Sequence[Entry]) -> Taken:
        """The events of a batch of payments, and what is to be remembered of each."""
        reads, rejected = self._read(entries)
        seen = await self._recorder.journal.payments_seen([read.payment.payment_id for read in reads])
        return self._taken(stream, cursor, reads, rejected, seen)

    def rejected(self, stream: str, entry: Entry, error: FieldError) -> Taken:
        """The events of one entry that cannot be taken."""
        return self._taken(stream, entry.id, (), (Rejected(entry.id, error.field, str(error), entry.fields),), {})

    def _taken(
        self,
        stream: str,
        cursor: str,
        reads: Sequence[Read],
        rejected: Sequence[Rejected],
        seen: Mapping[str, PaymentSeen],
    ) -> Taken:
        state = self._recorder.state
        plan = state.plan
        assert plan is not None, "the plan is adopted before any entry is read"
        return take_batch(
            stream=stream,
            cursor=cursor,
            heard_at=self._clock.wall(),
            reads=reads,
            rejected=rejected,
            seen=seen,
            key=self._key,
            plan=plan,
            conversion=self._conversions(plan),
            book=state.revenue.book,
            calendar=calendar_of(plan.timezone),
        )

    def _read(self, entries: Sequence[Entry]) -> tuple[list[Read], list[Rejected]]:
        reads: list[Read] = []
        rejected: list[Rejected] = []
        for entry in entries:
            try:
                reads.append(Read(entry.id, self._reader.read_fields(entry.fields), entry.fields))
            except FieldError as error:
                rejected.append(Rejected(entry.id, error.field, str(error), entry.fields))
        return reads, rejected

    def _conversions(self, plan: Plan) -> Conversion:
        fingerprint = self._recorder.state.plan_fingerprint
        if self._conversion is None or fingerprint != self._conversion_plan:
            self._conversion, self._conversion_plan = Conversion(plan.currency, plan.rates), fingerprint
        return self._conversion
