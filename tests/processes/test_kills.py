"""SIGKILL and SIGTERM at random moments while payments come in and components move: nothing is lost, or happens twice.

`make kills N=1000` kills more often, over some daemons side by side; the seed of a run is printed when it fails and is
set with SOLVENT_KILLS_SEED.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final

import pytest

from config.plan import Plan
from machines.backtest import BacktestReport, backtest
from machines.backtest.counting import Row
from machines.events import LevelDecided, PaymentsRecorded, Recorded, StepIntended
from machines.lifecycle_states import RAISING, ComponentState
from machines.revenue.payments import FieldError
from machines.revenue.reading_fields import PaymentReader
from machines.state.whole import State, fold
from tests.processes.file_shop import FileShop
from tests.processes.journal_file import JournalFile
from tests.processes.redis_place import Keys, RedisServer, payment_fields
from tests.processes.short_lives import ShortLivedDaemon, forking
from tests.processes.waiting import POLL_S, until

KILLS_IN_ALL: Final = int(os.environ.get("SOLVENT_KILLS", "50"))
LANES: Final = max(1, min(5, KILLS_IN_ALL // 25))
"""Daemons side by side, each with a journal, a Redis and a shop of its own."""
KILLS: Final = -(-KILLS_IN_ALL // LANES)
SEED: Final = int(os.environ.get("SOLVENT_KILLS_SEED", str(random.SystemRandom().randrange(1_000_000))))
MONTHS: Final = min(180, 12 + KILLS)
MONTHLY: Final = (100, 250, 600, 640, 620, 150, 90, 300, 600, 700, 230, 40, 250, 90)
"""Revenue month by month, over and over: up to the top level, down by the hard ratio, up again, down to the floor."""
KILL_WITHIN_S: Final = 0.8
"""A ready daemon lives at most so long."""
SCRIPT_PAUSE_S: Final = 0.05
LIFE_S: Final = 0.7
"""What a life takes on average, its start included: the payments are spread over all of them."""
STOPPED_SHARE: Final = 0.2
"""So many of the lives are asked to end instead of killed."""

Fields = dict[str, str]


class Traffic:
    """Payments month by month, with duplicates, re-deliveries, refunds, pending ones and contradictions."""

    def __init__(self, chance: random.Random, months: int) -> None:
        """The same `chance` makes the same payments."""
        self.months = [tuple(self._month(chance, number)) for number in range(months)]
        self.sent: list[Fields] = [fields for month in self.months for fields in month]

    def _month(self, chance: random.Random, number: int) -> Iterator[Fields]:
        total = MONTHLY[number % len(MONTHLY)]
        parts = chance.randint(8, 16)
        entries: list[Fields] = []
        for part in range(parts):
            share = Decimal(total) / parts
            day = f"{_year_month(number)}-{chance.randint(1, 28):02d}"
            fields = payment_fields(f"p{number}-{part}", day, f"{share:.2f}")
            entries += [fields] * chance.choice((1, 1, 1, 2, 3))
            if chance.random() < 0.2:
                entries.append({**fields, "status": "pending"})
            if chance.random() < 0.1:
                entries.append({**fields, "amount": "999999.00"})
            if chance.random() < 0.1:
                refunded = payment_fields(f"r{number}-{part}", day, "0.01", kind="refund")
                entries += [refunded, refunded]
        chance.shuffle(entries)
        yield from entries

    def watermark_after(self, number: int) -> str:
        """The first day of the month after the given one."""
        return f"{_year_month(number + 1)}-01"


def _year_month(number: int) -> str:
    return f"{2010 + number // 12}-{number % 12 + 1:02d}"


def feed(keys: Keys, traffic: Traffic, chance: random.Random, ended: threading.Event, pace_s: float) -> None:
    """Send everything, in bursts, whoever listens; months last `pace_s` on average."""
    for number, month in enumerate(traffic.months):
        for fields in month:
            keys.add("payments", fields)
            if chance.random() < 0.1:
                time.sleep(chance.uniform(0, pace_s / 5))
        keys.watermark(traffic.watermark_after(number))
        if chance.random() < 0.3:
            done = [fields for fields in month if fields["status"] == "completed"]
            keys.add("payments", chance.choice(done))  # the source delivers again what belongs to a closed month
        time.sleep(chance.uniform(0, pace_s))
    ended.set()


def kill_again_and_again(daemon: ShortLivedDaemon, shop: FileShop, chance: random.Random) -> None:
    """Start, wait for some moment, kill: some before the daemon is ready, half of them while a script is at work.

    Some are asked to end instead: they do so in time, and with code 0 once they listen.
    """
    for _ in range(KILLS):
        moment = chance.choices(("starting", "ready", "acting"), (1, 1, 2))[0]
        calls = len(shop.calls())
        daemon.start(ready=moment != "starting")
        if moment == "acting":
            give_up_at = time.monotonic() + KILL_WITHIN_S
            while len(shop.calls()) == calls and time.monotonic() < give_up_at:
                time.sleep(POLL_S)
            time.sleep(chance.uniform(0, 3 * SCRIPT_PAUSE_S))
        else:
            time.sleep(chance.uniform(0, KILL_WITHIN_S / 2))
        if chance.random() < STOPPED_SHARE:
            code = daemon.stop()
            assert code == 0 or (code == -signal.SIGTERM and moment == "starting")
        else:
            daemon.kill()


def replayed(plan: Plan, traffic: Traffic) -> BacktestReport:
    """The backtest of what was sent, in the order in which it was sent."""
    reader = PaymentReader()
    rows: list[Row] = []
    for number, fields in enumerate(traffic.sent, start=2):
        try:
            rows.append((number, reader.read_fields(fields)))
        except FieldError as error:  # the traffic holds contradictions only, and those are readable
            raise AssertionError(f"row {number}: {error}") from None
    after_the_end = len(traffic.months)
    beyond = payment_fields("beyond", f"{_year_month(after_the_end)}-01", "0.00")
    return backtest(plan, [*rows, (len(rows) + 2, reader.read_fields(beyond))], None)


@pytest.fixture(params=range(LANES), ids=lambda lane: f"lane {lane}")
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run, shown when the test fails."""
    sys.stdout.write(f"SOLVENT_KILLS_SEED={SEED} SOLVENT_KILLS={KILLS_IN_ALL} lane {request.param}\n")
    return SEED + 10 * int(request.param)


def test_kill_minus_nine_at_random_moments_loses_and_repeats_nothing(
    redis_server: RedisServer, keys: Keys, shop: FileShop, tmp_path: Path, seed: int
) -> None:
    """Payments, resources and published events stand once each, no step passed the cap, levels are the backtest's."""
    chance = random.Random(seed)
    traffic = Traffic(chance, MONTHS)
    shop.pause(SCRIPT_PAUSE_S)
    daemon = ShortLivedDaemon(tmp_path / "state", shop.plan_path, redis_server.url, "--act")
    ended = threading.Event()
    pace_s = KILLS * LIFE_S / MONTHS
    feeder = threading.Thread(target=feed, args=(keys, traffic, random.Random(seed + 1), ended, pace_s), name="feeder")
    feeder.start()
    with forking() as daemon.forking:
        began_s = time.monotonic()
        kill_again_and_again(daemon, shop, chance)
        sys.stdout.write(f"{(time.monotonic() - began_s) / KILLS:.2f} s a kill\n")
        with daemon:
            feeder.join()
            expected = replayed(shop.plan, traffic)
            journal = daemon.journal
            until(lambda: len(journal.events(LevelDecided)) >= MONTHS, "every month to be decided")
            until(journal.at_rest, "every component to come to rest")
            assert 0 == daemon.stop()

    assert journal.is_whole()
    assert_each_payment_counts_once(journal, expected)
    assert_each_resource_exists_once(journal, shop)
    assert_no_step_passed_the_cap(journal.recorded())
    assert_levels_are_the_backtests(journal, expected)
    assert list(range(1, journal.last_sequence() + 1)) == keys.published_sequences()
    sys.stdout.write(
        f"{KILLS} lives were ended; {len(journal.counted())} payments in {len(traffic.sent)} entries: 0 lost, 0 twice; "
        f"{sum(each.startswith('warm.') for each in shop.calls())} scripts made something: 0 twice; "
        f"{journal.last_sequence()} events: each published once\n"
    )


def assert_each_payment_counts_once(journal: JournalFile, expected: BacktestReport) -> None:
    """No id twice, and the sums per kind are those of the file."""
    counted = journal.counted()
    batches = journal.events(PaymentsRecorded)

    assert len(counted) == len({payment.payment_id for payment in counted})
    assert expected.payments.counted - 1 == len(counted)  # the backtest also counts the payment that ends the file
    assert expected.payments.not_completed == sum(batch.not_completed for batch in batches)
    assert [each.revenue_micros for each in expected.months] == [
        journal.state().revenue.book.revenue_micros(each.month, journal.state().plan.policies.revenue)  # type: ignore[union-attr]
        for each in expected.months
    ]


def assert_each_resource_exists_once(journal: JournalFile, shop: FileShop) -> None:
    """What stands is what the record says, each generation was made once, and never did two stand at a time."""
    state = journal.state()
    assert state.plan is not None
    for component in state.plan.components.values():
        if component.host:
            continue
        record, history = state.components.of(component.id), shop.history(component.id)
        standing = {} if record.state is ComponentState.COLD else {record.token: record.state.value.lower()}

        assert standing == shop.live(component.id)
        assert ["created", "removed"] * (len(history) // 2) + ["created"] * (len(history) % 2) == [
            what for what, _ in history
        ]
        created = [token for what, token in history if what == "created"]
        assert len(created) == len(set(created)) == record.generation


def assert_no_step_passed_the_cap(recorded: list[Recorded]) -> None:
    """At every raising step the sum of what is committed, folded anew, is within a cap that revenue pays for."""
    state = State()
    for each in recorded:
        fold(state, each)
        event = each.event
        if not isinstance(event, StepIntended) or event.step not in RAISING or event.cap_micros is None:
            continue
        decision = state.deciding.decision
        assert decision is not None
        assert state.plan is not None
        paid = int(Fraction(state.plan.policies.safety.ratio_max) * decision.measure_micros)
        committed = state.components.committed_micros

        assert committed == event.total_micros
        assert committed <= event.cap_micros <= min(paid, state.plan.levels[decision.level].max_burn_micros)
        assert "" == event.override


def assert_levels_are_the_backtests(journal: JournalFile, expected: BacktestReport) -> None:
    """Month by month, the level decided is that of the backtest."""
    decided = [event.decision for event in journal.events(LevelDecided)]

    assert [(each.month, each.level) for each in expected.months] == [(each.month, each.level) for each in decided]
