"""What a business and its operators send, at a steady rate, and what comes back; each in a thread of its own."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import redis

from adapters.redis_streams.names import key_prefix
from tests.processes.redis_place import payment_fields
from tests.sources.payments import payment

FIRST_YEAR: Final = 2012
MONTH_S_MIN: Final = 8.0
"""One month of the business lasts so long, so that a level is decided and left every few months."""
MONTHS_MAX: Final = 160
"""From `FIRST_YEAR` on; a longer run has longer months. Beyond today are payments of the future, all of them kept."""
AMOUNTS: Final = ("0.10", "20.00", "20.00", "200.00", "200.00", "200.00", "5.00")
"""What the months' payments beside the crowd are worth: it rises through both levels and falls again."""
BATCH_S: Final = 0.2
FIRST_PAYMENTS: Final = 2_000
"""Come at once, two whole pages: no fault lets more wait. What so many need in memory is taken before the warm-up is
over, and what rises afterwards is no higher wave but a leak."""
REMEMBERED_S: Final = 15.0
"""What was sent so shortly before a server died is sent again: a sender cannot know whether it was kept."""
AWAY: Final = (redis.RedisError, OSError)
GOOD: Final = (
    {"verb": "pause", "scope": "up", "ttl": "2s"},
    {"verb": "resume"},
    {"verb": "pin", "component": "web", "state": "hot", "ttl": "5s"},
    {"verb": "unpin", "component": "web"},
    {"verb": "reset-breaker", "breaker": "provider:simulated"},
)
BAD: Final = (
    {"verb": "set-levle", "level": "2"},
    {"verb": "pin", "component": "nowhere", "state": "hot"},
    {"verb": "pause", "ttl": "for ever"},
    {"verb": "\x1b[31m", "\x00": "x" * 5_000},
    {"nothing": ""},
)


Heard = Callable[[dict[str, str]], None]


class Load(threading.Thread):
    """Base of what runs until it is told to stop, and survives a server that is away."""

    def __init__(self, name: str, stopping: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = stopping
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Work until the end; what goes wrong is kept for the report."""
        try:
            self.work()
        except BaseException as failure:  # noqa: BLE001 - it ends the soak, and is said there
            self.failure = failure

    def work(self) -> None:
        """What this one does."""
        raise AssertionError("each load says what it does")


def month_s_of(duration_s: float) -> float:
    """How long a month of the business lasts in a run of this length."""
    return max(MONTH_S_MIN, duration_s / MONTHS_MAX)


class Payments(Load):
    """The payments of the Redis stream, so many a second, and the months' ends."""

    def __init__(self, url: str, rate: int, month_s: float, stopping: threading.Event) -> None:
        super().__init__("payments", stopping)
        self._month_s = month_s
        self.sent: set[str] = set()
        self.tried: set[str] = set()
        """What may have arrived, though nobody said so."""
        self.months = 0
        self._client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=3, retry=None)
        self._key = key_prefix("solvent") + "payments"
        self._batch = max(1, round(rate * BATCH_S))
        self._recent: list[tuple[float, dict[str, str]]] = []

    def work(self) -> None:
        """Batches by the clock; a batch that found nobody is sent again."""
        began_s, number, batch = time.monotonic(), 0, list[dict[str, str]]()
        while not self.stopping.is_set():
            now_s = time.monotonic()
            month = int((now_s - began_s) / self._month_s)
            if not batch:  # one that found nobody is sent again as it was: it may have been taken all the same
                size = self._batch if number else FIRST_PAYMENTS
                batch = [self._payment(number + index, month) for index in range(size)]
                if month > self.months:
                    batch = [self._worth(self.months), {"watermark": f"{_day(month, 1)}T00:00:00Z"}, *batch]
                self.tried.update(fields["payment_id"] for fields in batch if "payment_id" in fields)
            if self._deliver(batch):
                self.months, number, batch = month, number + size, []
            self.stopping.wait(max(0.0, BATCH_S - (time.monotonic() - now_s)))

    def send_again(self) -> None:
        """After a server died: what it may have lost."""
        since_s = time.monotonic() - REMEMBERED_S
        self._deliver([fields for at_s, fields in self._recent if at_s > since_s])

    def _deliver(self, batch: list[dict[str, str]]) -> bool:
        try:
            with self._client.pipeline(transaction=True) as pipe:
                for fields in batch:
                    whole: dict[Any, Any] = dict(fields)
                    pipe.xadd(self._key, whole)
                pipe.execute()
        except AWAY:
            return False
        now_s = time.monotonic()
        self.sent.update(fields["payment_id"] for fields in batch if "payment_id" in fields)
        self._recent = [each for each in self._recent if each[0] > now_s - REMEMBERED_S]
        self._recent += [(now_s, fields) for fields in batch]
        return True

    def _payment(self, number: int, month: int) -> dict[str, str]:
        """Of a customer who never came before: nothing may be kept for each of them."""
        return payment_fields(f"p{number}", _day(month, 15), "0.01", customer_id=f"customer-{number}")

    def _worth(self, month: int) -> dict[str, str]:
        amount = float(AMOUNTS[month % len(AMOUNTS)]) * 15
        return payment_fields(f"worth-{month}", _day(month, 20), f"{amount:.2f}")


class Shop(Load):
    """A shop's database, which the daemon polls."""

    def __init__(self, database: Path, payments: Payments, stopping: threading.Event) -> None:
        super().__init__("shop", stopping)
        self.sent: set[str] = set()
        self.tried: set[str] = set()
        self._database, self._payments = database, payments

    def work(self) -> None:
        """A sale every half second."""
        number = 0
        while not self.stopping.wait(0.5):
            number += 1
            row = payment(
                f"s{number}",
                customer_id=f"customer-of-shop-{number}",
                amount="0.01",
                created_at=f"{_day(self._payments.months, 16)}T12:00:00Z",
            )
            self.tried.add(row["payment_id"])
            with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self._database, timeout=2)) as connection:
                with connection:
                    connection.execute(f"INSERT INTO payments VALUES ({', '.join('?' * len(row))})", list(row.values()))
                self.sent.add(row["payment_id"])


class Operators(Load):
    """Commands, good and bad; how long each waits for its answer."""

    def __init__(self, url: str, seed: int, stopping: threading.Event) -> None:
        super().__init__("operators", stopping)
        self.sent: dict[str, float] = {}
        """By entry id: when it was sent."""
        self._client = redis.Redis.from_url(url, decode_responses=True, socket_timeout=3, retry=None)
        self._chance = random.Random(seed)

    def work(self) -> None:
        """One a second."""
        while not self.stopping.wait(1.0):
            fields: dict[Any, Any] = {**self._chance.choice((*GOOD, *BAD))}
            with suppress(*AWAY):
                sent_s = time.monotonic()
                self.sent[str(self._client.xadd(key_prefix("solvent") + "commands", fields))] = sent_s


class Follower(Load):
    """Reads a stream from its start to its end, as a consumer does, and never loses its place."""

    def __init__(
        self, url: str, stream: str, stopping: threading.Event, heard: Callable[[dict[str, str]], None]
    ) -> None:
        super().__init__(f"follower of {stream}", stopping)
        self.entries = 0
        self._url, self._key, self._heard = url, key_prefix("solvent") + stream, heard

    def work(self) -> None:
        """Read on after what was read."""
        client = redis.Redis.from_url(self._url, decode_responses=True, socket_timeout=4, retry=None)
        last = "0-0"
        while not self.stopping.is_set():
            try:
                found: Any = client.xread({self._key: last}, count=1_000, block=500)
            except AWAY:
                self.stopping.wait(0.2)
                continue
            for _, entries in found or ():
                for entry_id, fields in entries:
                    last = entry_id
                    self.entries += 1
                    self._heard(fields)


class Replies:
    """What operators were answered."""

    def __init__(self, operators: Operators) -> None:
        self.answers: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.latencies: list[tuple[float, float]] = []
        """When the answer came, and after how long."""
        self._operators = operators

    def hear(self, fields: dict[str, str]) -> None:
        """One reply."""
        now_s = time.monotonic()
        self.answers[fields["id"]] += 1
        self.outcomes[fields["outcome"]] += 1
        sent_s = self._operators.sent.get(fields["id"])
        if sent_s is not None:
            self.latencies.append((now_s, now_s - sent_s))


class Events:
    """What was published: the numbers of the events, which must be all of them, in order, once."""

    def __init__(self) -> None:
        self.last = 0
        self.faults: list[str] = []

    def hear(self, fields: dict[str, str]) -> None:
        """One event."""
        sequence = int(fields["sequence"])
        if sequence != self.last + 1 and len(self.faults) < 10:
            self.faults.append(f"event {sequence} after {self.last}")
        self.last = sequence


def _day(month: int, day: int) -> str:
    """A day of the business's calendar, which runs much faster."""
    return f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}-{day:02d}"
