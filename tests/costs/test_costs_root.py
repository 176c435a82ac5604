"""The root task of costs in a running daemon's parts: days at their end, bills once a day, alarms once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import msgspec

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from config.calendar import calendar_of, month_from_text
from config.instants import DAY, HOUR, Instant
from daemon.actuator import Actuator
from daemon.kernel import Kernel, RestartPolicy
from daemon.kernel.pausing import pause
from daemon.recorder import Recorder
from daemon.resume import boot_events, encode_state, resume
from daemon.roots.costs import COSTS, CostsRoot, CostTimes
from machines.costs.billed import BilledDay
from machines.events import BillRead, CostAlarmChanged, CostsAccrued, Event, Mode
from machines.ports.costs import CostReader
from machines.ports.faults import Transient
from machines.ports.journal import JournalIdentity
from machines.ports.provisioner import Provisioner
from machines.state.whole import State
from tests.deciding.months import UNIT
from tests.machines.histories import shop
from tests.simulation.virtual_loop import run

NOVEMBER = month_from_text("2026-11")
BEGAN: Instant = calendar_of("UTC").start_of(NOVEMBER)
DAY_S = DAY // 1_000_000
HOUR_S = HOUR // 1_000_000
TIMES = CostTimes(beat_s=60, read_every_s=DAY_S, retry_every_s=HOUR_S)


class Bills:
    """A reader with arranged figures for the host: units a day by their day, two days late."""

    name = "cost_explorer"

    def __init__(self, units: Callable[[date], int], failures: int = 0) -> None:
        self.reads: list[tuple[date, date]] = []
        self.closed = 0
        self._units = units
        self._failures = failures

    async def read(self, plan: str, first_day: date, last_day: date) -> tuple[BilledDay, ...]:
        """Whole days, the newest two missing."""
        assert plan == "shop"
        self.reads.append((first_day, last_day))
        if self._failures:
            self._failures -= 1
            raise Transient("AWS is throttling this account")
        days = (first_day + timedelta(days=each) for each in range((last_day - first_day).days))
        return tuple(BilledDay(day, "EUR", {"vps": self._units(day) * UNIT}) for day in days)

    async def close(self) -> None:
        """Counted."""
        self.closed += 1


class House:
    """A recorder with a plan in which one host costs 300 a month, 10 a day in November."""

    def __init__(self, store: MemoryStore, at: Instant = BEGAN) -> None:
        self.clock = LoopClock(at)
        self.journal = MemoryJournal(store, self.clock)

    async def start(
        self, readers: tuple[CostReader, ...] = (), provisioners: dict[str, Provisioner] | None = None
    ) -> None:
        """Resume, boot, and let the root run."""
        state = (await resume(self.journal)).state
        self.recorder = Recorder(
            self.journal,
            state,
            self.clock,
            group_events_max=100,
            snapshot_every_events=10_000,
            encode_state=encode_state,
        )
        self.kernel = Kernel(on_event=lambda *_: None, jitter=lambda: 1.0)
        self.recorder.attach(self.kernel)
        plan = shop()
        host = msgspec.structs.replace(plan.components["vps"], monthly_cost_micros=300 * UNIT)
        plan = msgspec.structs.replace(plan, components={**plan.components, "vps": host})
        await self.recorder.record(
            "boot", boot_events(state, plan=plan, mode=Mode.ACT, instance="solvent", version="0")
        )
        actuator = Actuator(
            observers={},
            provisioners=provisioners or {},
            clock=self.clock,
            call_timeout_s=60,
            concurrent_calls_max=1,
            stopping=lambda: False,
        )
        root = CostsRoot(recorder=self.recorder, actuator=actuator, times=TIMES, readers=lambda: readers)
        self.kernel.roots.start(COSTS, root.run, owner=COSTS, policy=RestartPolicy(1, 60, 1, 1), essential=False)

    async def stop(self) -> None:
        """Stop all tasks."""
        await self.kernel.stop(ask_s=1, cancel_s=1)

    async def events(self, kind: type[Event]) -> list[Event]:
        """What the journal has of one kind."""
        return [each.event async for each in self.journal.read() if isinstance(each.event, kind)]

    @property
    def state(self) -> State:
        """The state as folded."""
        return self.recorder.state


def store() -> MemoryStore:
    """An empty journal."""
    return MemoryStore(identity=JournalIdentity("j", 1), customer_key=b"k")


def lived(days: int, reader: Bills | None = None, seconds_more: float = 300) -> House:
    """A house after so many days, stopped."""

    async def main() -> House:
        house = House(store())
        await house.start(() if reader is None else (reader,))
        await pause(days * DAY_S + seconds_more)
        await house.stop()
        return house

    return run(main, 1)


def read(house: House, kind: type[Event]) -> list[Event]:
    """What its journal has of one kind."""

    async def main() -> list[Event]:
        return await house.events(kind)

    return run(main, 1)


def test_each_day_is_recorded_within_a_beat_of_its_end() -> None:
    """Three days give three events of ten each."""
    found = read(lived(3), CostsAccrued)

    assert [CostsAccrued(date(2026, 11, day), {"vps": 10 * UNIT}) for day in (1, 2, 3)] == found


def test_days_without_a_daemon_are_recorded_at_its_next_start() -> None:
    """A daemon that was away for a week writes what one that was there would have written."""

    async def main() -> list[Event]:
        kept = store()
        for at in (BEGAN, BEGAN + 7 * DAY):
            house = House(kept, at)
            await house.start()
            await pause(120)
            await house.stop()
        return await house.events(CostsAccrued)

    assert read(lived(7), CostsAccrued) == run(main, 1)


def test_a_bill_is_read_once_a_day() -> None:
    """After the first accrued day, for this month and the one before; each read is an event."""
    reader = Bills(lambda _: 10)
    house = lived(4, reader)

    assert [(date(2026, 10, 1), date(2026, 11, day)) for day in (1, 2, 3, 4)] == reader.reads
    bills = [bill for bill in read(house, BillRead) if isinstance(bill, BillRead)]
    assert [(1, 10), (2, 20), (3, 30)] == [(b.last_day.day, b.billed_micros["vps"] // UNIT) for b in bills]
    assert all(bill.billed_micros == bill.accrued_micros for bill in bills)


def test_a_restart_does_not_read_again() -> None:
    """Each read costs money: the journal knows when the last one was."""

    async def main() -> list[int]:
        kept, counts = store(), []
        for at in (BEGAN, BEGAN + 2 * DAY + HOUR, BEGAN + 2 * DAY + 2 * HOUR):
            reader = Bills(lambda _: 10)
            house = House(kept, at)
            await house.start((reader,))
            await pause(600)
            await house.stop()
            counts.append(len(reader.reads))
        return counts

    assert [0, 1, 0] == run(main, 1)


def test_a_failed_read_is_tried_again_after_its_own_pause() -> None:
    """An hour later, not a day and not a minute; the accrual goes on meanwhile."""
    reader = Bills(lambda _: 10, failures=3)
    house = lived(1, reader, seconds_more=4 * HOUR_S)

    assert 4 == len(reader.reads)
    assert 1 == len(read(house, CostsAccrued))


def test_an_alarm_is_raised_once_and_ended_once() -> None:
    """A bill of 15 instead of 10 a day for five days, and of 10 from then on: one rise, one end."""
    house = lived(28, Bills(lambda day: 15 if day.day <= 5 else 10))

    found = [each for each in read(house, CostAlarmChanged) if isinstance(each, CostAlarmChanged)]
    assert ["deviates", "agrees"] == [each.status for each in found]
    assert {} == house.state.costs.alarms


def test_a_bill_that_cannot_be_right_is_an_outlier() -> None:
    """Sixty instead of ten a day is told, and not taken for a price."""
    house = lived(4, Bills(lambda _: 60))

    assert ["outlier"] == [alarm.status for alarm in house.state.costs.alarms.values()]


def test_a_reader_that_is_switched_off_leaves_no_alarm() -> None:
    """Nobody would ever end it."""

    async def main() -> State:
        kept = store()
        for at, readers in ((BEGAN, (Bills(lambda _: 60),)), (BEGAN + 5 * DAY, ())):
            house = House(kept, at)
            await house.start(readers)
            await pause(4 * DAY_S)
            await house.stop()
        return house.state

    assert {} == run(main, 1).costs.alarms


def test_the_readers_are_closed_with_the_root() -> None:
    """Once."""
    reader = Bills(lambda _: 10)
    lived(1, reader)

    assert 1 == reader.closed


def test_folding_the_journal_anew_gives_the_same_costs() -> None:
    """Accruals, sums, bills and alarms are in the events (I9)."""
    house = lived(12, Bills(lambda _: 15))

    async def main() -> State:
        return (await resume(house.journal)).state

    assert house.state == run(main, 1)
