"""A backtest of a payments file beside merely parsing the same rows into typed values in the obvious way.

Both run in one thread and wait for nothing: processor time is measured, which neighbours on the machine disturb less.
"""

from __future__ import annotations

import csv
import gc
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from adapters.payments_csv import PaymentsFile
from config.loading import load_plan
from config.policies import RollbackAfter
from machines.backtest import backtest
from tests.benchmarks.figures import Figure, at_least

PARSING_TIMES_MAX = 3
ROUNDS = 5


def write_file(path: Path, rows: int) -> None:
    """Three years of payments in order of time: 20,000 customers, a refund among a hundred, all ids different."""
    start = datetime(2022, 1, 1, tzinfo=UTC)
    step = timedelta(days=3 * 365) / rows
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind", "interval"])
        for number in range(rows):
            at = (start + number * step).isoformat(timespec="seconds").replace("+00:00", "Z")
            amount = f"{9 + number % 190}.{number % 100:02}"
            kind = "refund" if number % 100 == 99 else "payment"
            writer.writerow(
                [f"pay_{number:012x}", f"cus_{number % 20_000:08x}", amount, "EUR", "completed", at, kind, "month"]
            )


def typed_parsing_s(path: Path) -> float:
    """Processor seconds to turn every row into `Decimal`, `datetime` and texts."""
    began = time.process_time()
    rows = 0
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        for payment_id, customer_id, amount, currency, status, created_at, kind, interval in reader:
            parsed = (
                payment_id,
                customer_id,
                Decimal(amount),
                currency,
                status,
                datetime.fromisoformat(created_at),
                kind,
                interval,
            )
            rows += len(parsed) > 0
    return time.process_time() - began


def backtest_s(path: Path, rows: int, *, daily: bool) -> float:
    """Processor seconds of one backtest with the largest shipped plan."""
    overrides = (f"rollback.after={RollbackAfter.DAILY.value}",) if daily else ()
    plan = load_plan("autobroker", overrides)
    gc.collect()
    began = time.process_time()
    report = backtest(plan, PaymentsFile(path))
    took_s = time.process_time() - began
    assert report.payments.read == rows
    return took_s


def measure(folder: Path, rows: int) -> list[Figure]:
    """Rows in a second of the best of a few rounds, measured in turns so that a busy machine disturbs all alike."""
    path = folder / "payments.csv"
    write_file(path, rows)
    parsing, closes, daily = [], [], []
    for _ in range(ROUNDS):
        parsing.append(typed_parsing_s(path))
        closes.append(backtest_s(path, rows, daily=False))
        daily.append(backtest_s(path, rows, daily=True))
    limit = rows / min(parsing)
    at_closes = Figure(f"backtest, {rows:,} rows", rows / min(closes), "rows/s", limit, "typed parsing alone")
    by_day = Figure("backtest, rollback.after=daily", rows / min(daily), "rows/s", limit, "typed parsing alone")
    return [at_least(at_closes, 1 / PARSING_TIMES_MAX, "<= 3 x the time of typed parsing"), by_day]
