"""One soak from its start to its verdict."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from machines.events import EntryRejected, LevelDecided
from tests.processes.waiting import until
from tests.soak.faults import Faults
from tests.soak.load import Events, Follower, Load, Operators, Payments, Replies, Shop, month_s_of
from tests.soak.place import Place, warnings_of
from tests.soak.report import Promise, Series, latency_text, promised, promises_of_slopes, series_of
from tests.soak.sampling import Sample, look

SAMPLE_EVERY_S: Final = 3.0
WARM_UP_SHARE: Final = 0.25
WARM_UP_S_MAX: Final = 300.0
"""Importing, compiling, the first caches and the first months: what comes after must not grow."""
CATCHES_UP_WITHIN_S: Final = 90.0


class Wish(msgspec.Struct, frozen=True):
    """How long, how much, how badly."""

    duration_s: float
    payments_per_s: int
    fault_every_s: float
    seed: int


class Outcome(msgspec.Struct, frozen=True):
    """Everything that a soak found."""

    facts: dict[str, Any]
    series: list[Series]
    promises: list[Promise]
    samples: list[Sample]


class Soak:
    """The daemon with all that happens to it."""

    def __init__(self, folder: Path, wish: Wish) -> None:
        self._wish = wish
        self._place = Place(folder)
        self._stopping, self._calm = threading.Event(), threading.Event()
        url, place = self._place.redis.url, self._place
        self._payments = Payments(url, wish.payments_per_s, month_s_of(wish.duration_s), self._calm)
        self._shop = Shop(place.database, self._payments, self._calm)
        self._operators = Operators(url, wish.seed, self._calm)
        self._faults = Faults(place, self._payments, wish.fault_every_s, wish.seed, self._calm)
        self._replies, self._events = Replies(self._operators), Events()
        self._hearing = [
            Follower(url, "replies", self._stopping, self._replies.hear),
            Follower(url, "events", self._stopping, self._events.hear),
        ]
        self._samples: list[Sample] = []

    def run(self) -> Outcome:
        """Load and faults, then calm, then the count."""
        try:
            facts = self._place.daemon.start().wait_ready()
            loads: list[Load] = [self._payments, self._shop, self._operators, self._faults]
            for load in (*loads, *self._hearing):
                load.start()
            began_s = time.monotonic()
            self._sample(facts.http, began_s)
            self._calm.set()
            for load in loads:
                load.join(30)
            self._wait_for_all()
            self._stopping.set()
            for load in self._hearing:
                load.join(10)
            stopped = self._place.daemon.stop()
            return self._outcome([*loads, *self._hearing], began_s, stopped)
        finally:
            self._calm.set()
            self._stopping.set()
            self._place.close()

    def _sample(self, url: str, began_s: float) -> None:
        ends_s = began_s + self._wish.duration_s
        while (now_s := time.monotonic()) < ends_s:
            self._samples.append(look(self._place.daemon.pid, url, now_s))
            self._calm.wait(min(SAMPLE_EVERY_S, max(0.0, ends_s - time.monotonic())))

    def _wait_for_all(self) -> None:
        """Until everything that was sent is counted, answered and published; what is not is found by the count."""

        def is_there() -> bool:
            journal = self._place.daemon.journal
            counted = {each.payment_id for each in journal.counted()}
            wanted = self._payments.sent | self._shop.sent
            answered = all(self._replies.answers[each] for each in self._operators.sent)
            return wanted <= counted and answered and self._events.last >= journal.last_sequence()

        try:
            until(is_there, "everything to be counted", CATCHES_UP_WITHIN_S)
        except AssertionError:
            return

    def _outcome(self, loads: list[Load], began_s: float, stopped: int) -> Outcome:
        warm_s = began_s + min(WARM_UP_S_MAX, self._wish.duration_s * WARM_UP_SHARE)
        samples = [each for each in self._samples if each.at_s >= warm_s] or self._samples
        latencies = [each for each in self._replies.latencies if each[0] >= warm_s]
        series = series_of(samples, latencies)
        promises = [
            *promises_of_slopes(series, samples[-1].at_s - samples[0].at_s),
            *self._counted(),
            promised("the load ran to its end", not [each for each in loads if each.failure], _failures(loads)),
            promised("the daemon stopped as asked", stopped == 0, f"exit code {stopped}"),
        ]
        return Outcome(self._facts(latencies, len(samples)), series, promises, self._samples)

    def _counted(self) -> list[Promise]:
        journal = self._place.daemon.journal
        counts = Counter(each.payment_id for each in journal.counted())
        wanted, tried = self._payments.sent | self._shop.sent, self._payments.tried | self._shop.tried
        lost, doubled = wanted - counts.keys(), [each for each, count in counts.items() if count > 1]
        strange = counts.keys() - tried
        unanswered = [each for each in self._operators.sent if not self._replies.answers[each]]
        twice = [each for each, count in self._replies.answers.items() if count > 1]
        last = journal.last_sequence()
        published = not self._events.faults and last - self._events.last <= _SAID_AT_THE_END
        return [
            promised("no payment is lost", not lost, f"{len(wanted)} sent, {len(lost)} lost {sorted(lost)[:3]}"),
            promised("no payment counts twice", not doubled and not strange, f"{len(doubled)} doubled"),
            promised(
                "every command is answered once",
                not unanswered and not twice,
                f"{len(self._operators.sent)} sent, {len(unanswered)} unanswered, {len(twice)} answered twice",
            ),
            promised(
                "what is published is the journal",
                published,
                f"{self._events.last} of {last} events heard in order {self._events.faults}",
            ),
            promised("the chain is whole", journal.is_whole(), f"{last} events"),
        ]

    def _facts(self, latencies: list[tuple[float, float]], judged: int) -> dict[str, Any]:
        journal = self._place.daemon.journal
        levels = [each.decision.level for each in journal.events(LevelDecided)]
        changes = sum(1 for before, after in itertools.pairwise(levels) if before != after)
        return {
            "minutes": round(self._wish.duration_s / 60, 2),
            "payments sent": len(self._payments.sent) + len(self._shop.sent),
            "months closed": self._payments.months,
            "levels decided, changes": f"{len(levels)}, {changes}",
            "steps of command kind": self._steps(),
            "commands answered": dict(self._replies.outcomes),
            "faults injected": dict(self._faults.injected),
            "notifications delivered": self._place.hook.told,
            "entries rejected": len(journal.events(EntryRejected)),
            "command latency": latency_text(latencies),
            "samples judged": judged,
            "taken by the machine below": f"{self._samples[-1].steal_s - self._samples[0].steal_s:.1f} s",
            "warnings in the log": warnings_of(self._place.daemon.log),
        }

    def _steps(self) -> int:
        calls = self._place.arranged / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0


_SAID_AT_THE_END: Final = 3
"""The daemon's last words, which it writes while it stops and publishes at its next start."""


def _failures(loads: list[Load]) -> str:
    return "; ".join(f"{each.name}: {each.failure!r}" for each in loads if each.failure) or "all of it"
