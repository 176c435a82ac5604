"""Durable ingest: from the stream of payments through the journal to the stream of events, by the real daemon.

The limits are a plain reading loop over the same stream and plain batched SQLite inserts of the same rows.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import redis

from config.instants import DAY, SECOND, instant_text
from daemon.running import Daemon
from machines.events import PaymentsRecorded, Recorded
from tests.benchmarks.figures import Figure, at_least
from tests.benchmarks.places import redis_server, resumed_daemon, shop_plan, until_published

BATCH = 1_000
"""What the daemon reads at once, and what the plain inserts commit at once."""
STREAM = "solvent:payments"
TIME_LIMIT_S = 600
FIELDS = ("payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind", "interval")


def payments(count: int) -> list[dict[str, str]]:
    """Payments of the last 700 days, oldest first: 10,000 customers, five prices."""
    end = time.time_ns() // 1_000 // SECOND * SECOND
    start = end - 700 * DAY
    return [
        {
            "payment_id": f"pay_{index:012x}",
            "customer_id": f"cus_{index % 10_000:08x}",
            "amount": ("9.90", "19.00", "29.00", "49.00", "199.00")[index % 5],
            "currency": "EUR",
            "status": "completed",
            "created_at": instant_text(start + index * (end - start) // count),
            "kind": "payment",
            "interval": "month",
        }
        for index in range(count)
    ]


def fill(url: str, rows: list[dict[str, str]]) -> None:
    """Put the rows into the stream."""
    client = redis.Redis.from_url(url)
    for start in range(0, len(rows), BATCH):
        pipe = client.pipeline(transaction=False)
        for row in rows[start : start + BATCH]:
            fields: dict[Any, Any] = dict(row)
            pipe.xadd(STREAM, fields)
        pipe.execute()
    client.close()


def plain_reading_rows_per_s(url: str) -> float:
    """Entries read in a second by the plain loop: XREAD from redis-py, texts decoded, nothing done with them."""
    client = redis.Redis.from_url(url, decode_responses=True, protocol=2)
    cursor, read = "0-0", 0
    began = time.perf_counter()
    while reply := client.xread({STREAM: cursor}, count=BATCH):
        entries: Any = reply[0][1]  # type: ignore[index]  # the shape of protocol 2
        read += len(entries)
        cursor = entries[-1][0]
    took_s = time.perf_counter() - began
    client.close()
    return read / took_s


def plain_inserts_rows_per_s(path: Path, rows: list[dict[str, str]]) -> float:
    """The same rows as rows of one table, the same durability (WAL, synchronous FULL) and the same batches."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    columns = ", ".join(f'"{name}" TEXT' for name in FIELDS[1:])
    connection.execute(f"CREATE TABLE payments (payment_id TEXT PRIMARY KEY, {columns})")
    prepared = [tuple(row[name] for name in FIELDS) for row in rows]
    began = time.perf_counter()
    for start in range(0, len(prepared), BATCH):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?)", prepared[start : start + BATCH])
        connection.execute("COMMIT")
    took_s = time.perf_counter() - began
    connection.close()
    return len(rows) / took_s


async def ingest_s(daemon: Daemon, count: int) -> float:
    """Seconds from the start of the intake until the last event that the payments led to is in `solvent:events`."""
    counted = 0
    all_counted = asyncio.Event()

    def note(recorded: Recorded) -> None:
        nonlocal counted
        if isinstance(recorded.event, PaymentsRecorded):
            counted += len(recorded.event.counted)
            if counted == count:
                all_counted.set()

    daemon.recorder.listen(note)
    began = time.perf_counter()
    daemon.begin()
    async with asyncio.timeout(TIME_LIMIT_S):
        await all_counted.wait()
    await until_published(daemon, TIME_LIMIT_S)
    return time.perf_counter() - began


async def measure(folder: Path, count: int) -> list[Figure]:
    """The daemon's rate beside the slower of the two limits, and beside the other."""
    rows = payments(count)
    async with redis_server(folder / "server") as url:
        await asyncio.to_thread(fill, url, rows)
        reading = await asyncio.to_thread(plain_reading_rows_per_s, url)
        inserting = await asyncio.to_thread(plain_inserts_rows_per_s, folder / "plain.sqlite", rows)
        async with resumed_daemon(folder / "daemon", url, shop_plan()) as daemon:
            ours = count / await ingest_s(daemon, count)
    limits = sorted(((reading, "plain XREAD loop"), (inserting, "plain batched inserts")))
    slower, faster = (
        Figure(f"durable ingest, {count:,} payments", ours, "rows/s", limit, name) for limit, name in limits
    )
    return [at_least(slower, 0.5, ">= half of the slower limit"), faster]
