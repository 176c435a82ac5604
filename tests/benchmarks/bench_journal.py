"""Durable appends through the journal against plain batched SQLite inserts of the same rows, in the same run.

python -m tests.benchmarks.bench_journal
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from adapters.clocks import SystemClock
from adapters.sqlite_journal import SqliteJournal
from config.instants import SECOND
from machines.events import CountedPayment, PaymentsRecorded
from machines.ports.journal import Journal, PaymentSeen, Proposal, Snapshot
from machines.revenue.payments import Interval, Kind

START = 1_704_067_200 * SECOND
PAYMENTS = 100_000
BATCH = 1_000
SINGLE_APPENDS = 500
LOOKUPS = 50


class Result(msgspec.Struct, frozen=True):
    """One measured figure beside the limit it is held against, both measured in this run."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    limit_name: str = ""

    def line(self) -> str:
        """The figure as one line of text."""
        beside = (
            "" if self.limit is None else f"   {self.limit_name}: {self.limit:,.3g} ({self.value / self.limit:.2f}x)"
        )
        return f"{self.name:<44}{self.value:>12,.3g} {self.unit}{beside}"


def batches() -> list[list[CountedPayment]]:
    """The same rows for both sides, in batches as a stream read brings them."""
    rows = [
        CountedPayment(f"pay_{index:012x}", Kind.PAYMENT, 29_000_000, START + index, Interval.MONTH)
        for index in range(PAYMENTS)
    ]
    return [rows[start : start + BATCH] for start in range(0, PAYMENTS, BATCH)]


def proposals(batch: list[CountedPayment]) -> tuple[list[Proposal], list[PaymentSeen]]:
    """The event and the remembered ids of one batch."""
    event = PaymentsRecorded("solvent:payments", "1-0", START, tuple(batch))
    seen = [PaymentSeen(each.payment_id, b"sixteen bytes...", counted=True, customer_hash=b"c" * 16) for each in batch]
    return [Proposal(event, "revenue", START)], seen


async def journal_rows_per_s(path: Path) -> float:
    """Payments made durable in a second, a few batches under way at once."""
    return await fed_rows_per_s(await SqliteJournal.open(path, clock=SystemClock(), fold_version=1), batches())


async def fed_rows_per_s(journal: Journal, given: list[list[CountedPayment]]) -> float:
    """The same of any open journal, which is closed."""
    work = iter(given)

    async def feed() -> None:
        for batch in work:
            await journal.append(*proposals(batch))

    began = time.perf_counter()
    await asyncio.gather(*(feed() for _ in range(4)))
    took = time.perf_counter() - began
    await journal.close()
    return sum(map(len, given)) / took


def plain_rows_per_s(path: Path) -> float:
    """The same payments as plain rows of one table, a commit for each batch, same durability."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE payments (id TEXT PRIMARY KEY, kind TEXT, micros INTEGER, at INTEGER, interval TEXT)"
    )
    prepared = batches()
    began = time.perf_counter()
    for batch in prepared:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO payments VALUES (?, ?, ?, ?, ?)",
            [
                (each.payment_id, each.kind.value, each.amount_micros, each.created_at, each.interval.value)
                for each in batch
            ],
        )
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return PAYMENTS / took


def fsync_ms(path: Path, count: int = SINGLE_APPENDS) -> list[float]:
    """Sorted times of appending 4 KiB and syncing, in milliseconds."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)

    def once() -> None:
        os.write(descriptor, b"x" * 4096)
        os.fsync(descriptor)

    times = _times_ms(once, count)
    os.close(descriptor)
    return times


def _times_ms(once: Callable[[], None], count: int) -> list[float]:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        once()
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


async def journal_latencies_ms(path: Path) -> tuple[list[float], list[float]]:
    """Sorted times of one durable group, and of looking up 1,000 ids, in milliseconds; on the filled journal."""
    journal = await SqliteJournal.open(path, clock=SystemClock(), fold_version=1)
    await journal.write_snapshot(Snapshot(journal.last_sequence, b"state"))
    group = [Proposal(PaymentsRecorded("solvent:payments", "1-0", START), "revenue", START)]
    ids = [f"pay_{index:012x}" for index in range(0, PAYMENTS, PAYMENTS // 1_000)]
    appends, lookups = [], []
    for _ in range(SINGLE_APPENDS):
        began = time.perf_counter()
        await journal.append(group)
        appends.append((time.perf_counter() - began) * 1000)
    for _ in range(LOOKUPS):
        began = time.perf_counter()
        assert len(await journal.payments_seen(ids)) == 1_000
        lookups.append((time.perf_counter() - began) * 1000)
    await journal.close()
    return sorted(appends), sorted(lookups)


def p(times: list[float], share: float) -> float:
    """A percentile of sorted times."""
    return times[min(len(times) - 1, int(len(times) * share))]


async def measure(folder: Path) -> list[Result]:
    """All figures of the journal."""
    ours = await journal_rows_per_s(folder / "journal.sqlite")
    plain = await asyncio.to_thread(plain_rows_per_s, folder / "plain.sqlite")
    syncs = await asyncio.to_thread(fsync_ms, folder / "synced")
    appends, lookups = await journal_latencies_ms(folder / "journal.sqlite")
    return [
        Result("durable payments", ours, "rows/s", plain, "plain batched inserts"),
        Result("one durable group, p50", p(appends, 0.5), "ms", p(syncs, 0.5), "fsync p50"),
        Result("one durable group, p99", p(appends, 0.99), "ms", p(syncs, 0.99), "fsync p99"),
        Result("1,000 payment ids looked up, p50", p(lookups, 0.5), "ms"),
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=".") as scratch:
        sys.stdout.writelines(f"{each.line()}\n" for each in asyncio.run(measure(Path(scratch))))
