"""Sending a payments file into a daemon's stream no faster than the daemon takes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import msgspec

from config.instants import Instant, instant_text
from daemon.assembly import PaymentsFile, PaymentsSender
from daemon.cli.import_following import Follower
from daemon.cli.import_progress import ImportProgress
from machines.ports.clock import Clock
from machines.ports.streams import START
from machines.revenue.writing_fields import entry_fields

BATCH_ENTRIES = 1_000
AHEAD_ENTRIES_MAX = 50_000
"""How many entries may stand in the stream untaken: about 20 MB of Redis, and a second or two of the daemon."""
POLL_S = 0.2
REJECTIONS_SHOWN_ITEMS_MAX = 20


class StalledError(Exception):
    """The daemon took nothing for longer than it may."""


class RowRejected(msgspec.Struct, frozen=True):
    """A row of the file that was not sent."""

    row_number: int
    field: str
    reason: str


class Sent(msgspec.Struct):
    """What was sent so far."""

    payments: int = 0
    rejected_rows: int = 0
    rejections: list[RowRejected] = []
    """The first of them."""
    last_payment_at: Instant | None = None
    last_id: str = START


class Sending:
    """One file on its way."""

    def __init__(
        self,
        *,
        sender: PaymentsSender,
        follower: Follower | None,
        clock: Clock,
        stall_s: float,
        progress: ImportProgress,
        ahead_entries_max: int = AHEAD_ENTRIES_MAX,
    ) -> None:
        """`follower` is None where only Redis is known: then the stream's own length and first entry must do."""
        self.sent = Sent()
        self._sender = sender
        self._follower = follower
        self._clock = clock
        self._stall_s = stall_s
        self._progress = progress
        self._ahead_entries_max = ahead_entries_max
        self._ahead: deque[tuple[str, int]] = deque()
        """The last id and the size of each batch that was not seen taken."""

    async def send_file(self, file: PaymentsFile) -> None:
        """Send every readable row in file order.

        Raises `UnreadableFileError`, `StreamsAwayError`, `StalledError`; what was sent before stays sent.
        """
        batch: list[Mapping[str, str]] = []
        for row in file:
            if not isinstance(row, tuple):
                self._reject(RowRejected(row.row_number, row.field, row.reason))
                continue
            payment = row[1]
            batch.append(entry_fields(payment))
            at = payment.created_at
            self.sent.last_payment_at = max(at, self.sent.last_payment_at or at)
            if len(batch) >= BATCH_ENTRIES:
                await self._send(batch)
                batch = []
                self._progress.read(file.bytes_read, file.bytes_total)
        if batch:
            await self._send(batch)

    async def send_watermark(self, through: Instant) -> None:
        """Say that all payments before `through` have been sent."""
        await self._append([{"watermark": instant_text(through)}])

    async def wait_taken(self) -> None:
        """Wait until the daemon has taken everything; raises `StalledError` where it takes nothing any more."""
        await self._wait_until_ahead(0)

    async def _send(self, batch: list[Mapping[str, str]]) -> None:
        await self._append(batch)
        self.sent.payments += len(batch)
        if sum(size for _, size in self._ahead) > self._ahead_entries_max:
            await self._wait_until_ahead(self._ahead_entries_max)

    async def _append(self, entries: list[Mapping[str, str]]) -> None:
        self.sent.last_id = await self._sender.send(entries)
        self._ahead.append((self.sent.last_id, len(entries)))

    async def _wait_until_ahead(self, entries: int) -> None:
        left = await self._left()
        moved_s = self._clock.monotonic_s()
        while left > entries:
            self._progress.waiting(left)
            await self._clock.sleep(POLL_S)
            before, left = left, await self._left()
            now_s = self._clock.monotonic_s()
            if left < before:
                moved_s = now_s
            elif now_s - moved_s > self._stall_s:
                raise StalledError(
                    f"the daemon took nothing for {self._stall_s:g} s, {left} entries wait in its stream; they stay"
                    " there and will be counted once it goes on: see `solvent status`"
                )

    async def _left(self) -> int:
        """How many of our entries the daemon has not taken, as far as can be seen."""
        taken = await self._taken_through()
        while self._ahead and entry_order(self._ahead[0][0]) <= entry_order(taken):
            self._ahead.popleft()
        return sum(size for _, size in self._ahead)

    async def _taken_through(self) -> str:
        if self._follower is not None:
            await self._follower.look()
            return self._follower.taken_through
        # The daemon trims what it took now and then, and keeps the last entry that it took.
        return await self._sender.first_id() or START

    def _reject(self, rejected: RowRejected) -> None:
        self.sent.rejected_rows += 1
        if len(self.sent.rejections) < REJECTIONS_SHOWN_ITEMS_MAX:
            self.sent.rejections.append(rejected)


def entry_order(entry_id: str) -> tuple[int, int]:
    """An entry id as something that compares."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
