"""Durable appends into PostgreSQL against plain `COPY` of the same payments, on the same server in the same run.

python -m tests.benchmarks.bench_postgres
"""

from __future__ import annotations

import asyncio
import sys
import time

from adapters.clocks import SystemClock
from adapters.postgres_journal import PostgresJournal, PostgresPlace, connect
from config.secret import Secret
from machines.events import CountedPayment, PaymentsRecorded
from machines.ports.journal import Proposal
from tests.benchmarks.bench_journal import BATCH, PAYMENTS, START, Result, batches, fed_rows_per_s, p, proposals
from tests.postgres_server import binaries, postgres_server

ASKERS = 64
"""Callers that append one group each at a time: they share transactions."""
BULK_BATCHES = 10
"""Batches that make the one large group."""


async def rows_per_s(place: PostgresPlace, given: list[list[CountedPayment]]) -> float:
    """Payments made durable in a second, a few batches under way at once."""
    return await fed_rows_per_s(await _opened(place), given)


async def bulk_rows_per_s(place: PostgresPlace, whole: list[CountedPayment]) -> float:
    """All payments as one group."""
    journal = await _opened(place)
    began = time.perf_counter()
    await journal.append(*proposals(whole))
    took = time.perf_counter() - began
    await journal.close()
    return len(whole) / took


def copied_rows_per_s(place: PostgresPlace, given: list[list[CountedPayment]]) -> float:
    """The same payments by `COPY` into one table with a key, a commit for each batch."""
    with connect(place, "benchmark") as connection:
        connection.execute(
            "CREATE TABLE public.plain (id TEXT PRIMARY KEY, kind TEXT, micros BIGINT, at BIGINT, interval TEXT)"
        )
        prepared = [
            [
                (each.payment_id, each.kind.value, each.amount_micros, each.created_at, each.interval.value)
                for each in batch
            ]
            for batch in given
        ]
        began = time.perf_counter()
        for batch in prepared:
            with connection.cursor().copy("COPY public.plain FROM STDIN") as copying:
                for row in batch:
                    copying.write_row(row)
        took = time.perf_counter() - began
    return sum(map(len, given)) / took


def plain_commits_ms(place: PostgresPlace, count: int) -> list[float]:
    """Sorted times of one INSERT with its commit, in milliseconds."""
    with connect(place, "benchmark") as connection:
        connection.execute("CREATE TABLE public.commits (id BIGINT PRIMARY KEY, text TEXT)")
        times = []
        for index in range(count):
            began = time.perf_counter()
            connection.execute(f"INSERT INTO public.commits VALUES ({index}, 'x')")
            times.append((time.perf_counter() - began) * 1000)
    return sorted(times)


async def append_times(place: PostgresPlace, count: int) -> tuple[list[float], float]:
    """Sorted times of one durable group in milliseconds, and groups per second with many callers."""
    journal = await _opened(place)
    group = [Proposal(PaymentsRecorded("solvent:payments", "1-0", START), "revenue", START)]
    times = []
    for _ in range(count):
        began = time.perf_counter()
        await journal.append(group)
        times.append((time.perf_counter() - began) * 1000)

    async def ask() -> None:
        for _ in range(count // 6):
            await journal.append(group)

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(ASKERS)))
    took = time.perf_counter() - began
    await journal.close()
    return sorted(times), count // 6 * ASKERS / took


async def _opened(place: PostgresPlace) -> PostgresJournal:
    return await PostgresJournal.open(place, clock=SystemClock(), fold_version=1, fencing=0)


async def measure(payments: int = PAYMENTS, appends: int = 500) -> list[Result]:
    """All figures of the journal in PostgreSQL, with a server that syncs; none where no server can be run."""
    if binaries() is None:
        sys.stderr.write("no PostgreSQL here (apt-get install postgresql): its figures are left out\n")
        return []
    given = batches()[: max(1, payments // BATCH)]
    whole = [each for batch in given[:BULK_BATCHES] for each in batch]
    with postgres_server("fsync=on", "shared_buffers=128MB", "max_wal_size=2GB") as server:
        place = PostgresPlace(Secret(server.url))
        copied = await asyncio.to_thread(copied_rows_per_s, place, given)
        ours = await rows_per_s(place, given)
        bulk = await bulk_rows_per_s(PostgresPlace(place.url, "bulk"), whole)
        commits = await asyncio.to_thread(plain_commits_ms, place, appends)
        singles, grouped = await append_times(PostgresPlace(place.url, "appends"), appends)
    return [
        Result("PostgreSQL: durable payments", ours, "rows/s", copied, "plain COPY"),
        Result(f"PostgreSQL: a group of {len(whole):,} payments", bulk, "rows/s", copied, "plain COPY"),
        Result("PostgreSQL: one durable group, p50", p(singles, 0.5), "ms", p(commits, 0.5), "INSERT and commit, p50"),
        Result(
            "PostgreSQL: one durable group, p99", p(singles, 0.99), "ms", p(commits, 0.99), "INSERT and commit, p99"
        ),
        Result("PostgreSQL: groups, one by one", 1_000 * len(singles) / sum(singles), "groups/s"),
        Result(f"PostgreSQL: groups, {ASKERS} callers", grouped, "groups/s"),
    ]


if __name__ == "__main__":
    sys.stdout.writelines(f"{each.line()}\n" for each in asyncio.run(measure()))
