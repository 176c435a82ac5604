"""A standby with another plan than the journal's says so while it stands by, not when it leads and is frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from structlog.testing import capture_logs

from adapters.memory_lease import MemoryLeaseDesk
from config.errors import PlanError, Problem
from config.plan import Plan
from daemon.leading.following import Following
from daemon.leading.own_plan import OwnPlan
from daemon.resume import plan_fingerprint
from daemon.standing_by import StandingBy
from machines.ports.journal import Journal
from machines.state.whole import State
from tests.deciding.months import autobroker
from tests.standby.waits import OTHER, Bench

PLAN = autobroker()
ANOTHER = msgspec.structs.replace(PLAN, id="walk2")


def followed(plan: Plan | None) -> State:
    """What was folded of a journal in which this plan decides."""
    return State(plan=plan, plan_fingerprint="" if plan is None else plan_fingerprint(plan))


class Machine:
    """A machine's plan file and what its standby has folded."""

    def __init__(self, plan: Plan, journal: Plan | None) -> None:
        self.plan = plan
        self.reads = 0
        self.following = Following(_nothing, 1)
        self.following.state = followed(journal)
        self.own = OwnPlan(self._read, self.following)

    def _read(self) -> Plan:
        self.reads += 1
        if self.plan.id == "broken":
            raise PlanError([Problem("plan.yaml", 3, "levels", "a level", "no such level")])
        return self.plan


async def test_another_plan_is_said_once_and_then_that_it_is_the_same() -> None:
    """The warning names both plans and what to do; the file put right is seen without a restart."""
    machine = Machine(ANOTHER, PLAN)
    with capture_logs() as lines:
        await machine.own.look()
        await machine.own.look()
        differs = machine.own.differs
        machine.plan = PLAN
        await machine.own.look()

    assert ["plan_differs", "plan_agrees"] == [line["event"] for line in lines]
    assert "warning" == lines[0]["log_level"]
    assert f"this machine's plan, walk2, differs from {PLAN.id}, the one in the journal" in differs
    assert "send the verb reload" in differs
    assert "" == machine.own.differs


async def test_a_plan_that_the_leader_adopts_is_compared_anew() -> None:
    """A new plan on both machines: the second is right as soon as the first was told to `reload`."""
    machine = Machine(ANOTHER, PLAN)
    await machine.own.look()
    machine.following.state = followed(ANOTHER)
    await machine.own.look()

    assert "" == machine.own.differs


async def test_a_plan_that_cannot_be_read_is_said() -> None:
    """The takeover would go by the one of the start, which is not what the file says."""
    machine = Machine(msgspec.structs.replace(PLAN, id="broken"), PLAN)
    await machine.own.look()

    assert "cannot be read" in machine.own.differs
    assert "plan.yaml" in machine.own.differs
    assert "no such level" in machine.own.differs


async def test_a_journal_without_a_plan_is_compared_with_nothing() -> None:
    """The file is not read before there is something to hold it against."""
    machine = Machine(ANOTHER, None)

    assert (False, 0, "") == (await machine.own.look(), machine.reads, machine.own.differs)


async def test_a_standby_shows_it_on_its_page() -> None:
    """Beside `standby`, for whoever would promote it."""
    bench = Bench()
    desk = MemoryLeaseDesk(bench.store)
    await desk.acquire(OTHER, 6, await desk.look())
    waits = bench.standing_by(desk)
    waits.following.state = State(plan=ANOTHER, plan_fingerprint=plan_fingerprint(ANOTHER))
    async with _waiting(waits):
        async with asyncio.timeout(10):
            while not waits.own_plan.differs:  # noqa: ASYNC110 - a comparison tells nobody
                await asyncio.sleep(0)
        reasons = list(waits.unready())

    assert "standby" == reasons[0]
    assert "differs from walk2, the one in the journal" in " ".join(reasons)


@asynccontextmanager
async def _waiting(waits: StandingBy) -> AsyncIterator[None]:
    stop = asyncio.Event()
    waiting = asyncio.create_task(waits.wait(stop))
    yield
    stop.set()
    assert await waiting is None


async def _nothing() -> Journal:
    raise FileNotFoundError
