"""What `solvent promote` makes of a hand-over: only a standby that has begun to serve leads; else it says why."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib.metadata import version
from typing import Any, Final

import click
import pytest

from adapters.clocks import LoopClock
from adapters.memory_journal import MemoryJournal, MemoryStore
from adapters.memory_lease import MemoryLeaseDesk, MemoryLeaseStore
from daemon.cli.handing_over import FREE_S, HandOver, InVainError
from daemon.cli.journal_starts import Starts
from daemon.cli.promote import _chosen
from machines.events import Started
from machines.events.process import Mode
from machines.ports.journal import Journal, JournalDamagedError, JournalRefusedError, Proposal
from machines.ports.lease import Candidate, LeaseView
from tests.contracts.journal import START
from tests.simulation.virtual_loop import run

OLD, HEIR, OTHER = Candidate("old/1/a"), Candidate("heir/2/b", version=version("solvent")), Candidate("other/3/c")
WAIT_S: Final = 90.0
TTL_S: Final = 6.0


class Hall:
    """A lease and a journal on one clock; the old one leads, the others stand by."""

    def __init__(self) -> None:
        self.clock = LoopClock(START)
        self.store = MemoryLeaseStore(self.clock)
        self.desk = MemoryLeaseDesk(self.store)
        self.events = MemoryStore()
        self.refusals: list[Exception] = []
        """What the next openings of the journal raise, the last one for ever."""

        self.ended_s = 0.0
        """When the command ended."""

    async def promote(self, heir: Candidate = HEIR, wait_s: float = WAIT_S) -> str:
        """What the command would say, after a word of why where it is in vain."""
        starts = Starts(self._open, self._ended)
        try:
            return await HandOver(self.desk, starts, heir.name, self.clock).wish(wait_s)
        except InVainError as in_vain:
            return f"IN VAIN: {in_vain}"
        finally:
            self.ended_s = self.clock.monotonic_s()
            await starts.close()

    async def take(self, candidate: Candidate) -> int:
        """Lead."""
        token = await self.desk.acquire(candidate, TTL_S, await self.desk.look())
        assert token is not None
        return token

    async def hand_over(self, to: Candidate) -> int:
        """The leader hears of the wish and gives the lead back, and `to` takes it."""
        leader = self.store.leader
        assert leader is not None
        await self.desk.renew(leader.candidate, self.store.fencing, TTL_S)
        await self.desk.release(leader.candidate, None)
        return await self.take(to)

    async def start(self, fencing: int) -> None:
        """What a daemon writes first that begins to serve."""
        event = Started("shop", "1", Mode.ACT, fencing, "process 2")
        proposal = Proposal(event, "boot", START)
        await MemoryJournal(self.events, self.clock, fencing=fencing).append([proposal])

    @property
    def _ended(self) -> int:
        return len(self.events.events)

    async def _open(self) -> Journal:
        if self.refusals:
            raise self.refusals.pop(0) if len(self.refusals) > 1 else self.refusals[0]
        return MemoryJournal(self.events, self.clock)


def lived(hall: Hall, walk: Coroutine[Any, Any, None], **given: Any) -> tuple[str, float]:
    """What was said while the walk went on, and after how many seconds."""

    async def main() -> tuple[str, float]:
        await hall.take(OLD)
        for each in (HEIR, OTHER):
            await hall.desk.stand_by(each, 0)
        said = asyncio.ensure_future(hall.promote(**given))
        await asyncio.sleep(1.05)  # between two looks
        await walk
        return await said, hall.ended_s

    return run(main, 1)


@pytest.fixture
def hall() -> Hall:
    """The old one leads."""
    return Hall()


def test_a_standby_leads_once_it_has_begun_to_serve(hall: Hall) -> None:
    """Having the lease is not enough: its start is in the journal."""

    async def walk() -> None:
        token = await hall.hand_over(HEIR)
        await asyncio.sleep(10)
        await hall.start(token)

    said, after_s = lived(hall, walk())
    assert "heir/2/b leads now, with the fencing token 2; old/1/a has handed over" == said
    assert 11 <= after_s < 11.5


def test_another_ones_start_is_not_the_standbys(hall: Hall) -> None:
    """A start under another token, as the old leader's own, tells nothing."""

    async def walk() -> None:
        await hall.start(1)
        await hall.hand_over(HEIR)

    said, _ = lived(hall, walk(), wait_s=20)
    assert said.startswith(
        "IN VAIN: heir/2/b does not lead, after 20.0 s: it has the lease, with the fencing token 2, and has not begun"
        " to serve. See its log. heir/2/b leads"
    )
    assert "taken back" not in said


def test_a_takeover_that_failed_is_no_success(hall: Hall) -> None:
    """A standby that gave the lead back before it served, so that another leads: in its own words, and at once."""

    async def walk() -> None:
        await hall.hand_over(HEIR)
        await asyncio.sleep(1)
        await hall.desk.release(HEIR, 2)
        await hall.start(await hall.take(OTHER))
        await asyncio.sleep(0.5)
        await hall.desk.stand_by(HEIR, 0, "the state directory is gone")

    said, after_s = lived(hall, walk())
    assert (
        "IN VAIN: heir/2/b does not lead, after 2.1 s: it took the lead with the fencing token 2, and lost it before it"
        " served; another leads meanwhile. It says: the state directory is gone."
        " other/3/c leads, with the fencing token 3"
    ) == said
    assert after_s < 3


def test_a_takeover_that_failed_is_told_though_nobody_leads(hall: Hall) -> None:
    """It is given some seconds to try again, for what hindered it may pass; then it is said."""

    async def walk() -> None:
        await hall.hand_over(HEIR)
        await asyncio.sleep(1)
        await hall.desk.release(HEIR, 2)

    said, after_s = lived(hall, walk())
    assert "and lost it before it served. " in said
    assert "Nobody leads" == said.rpartition(". ")[2]
    assert 2 + FREE_S < after_s < 2 + FREE_S + 3


def test_a_second_try_that_serves_is_a_success(hall: Hall) -> None:
    """What hindered it has passed: it leads under a later token."""

    async def walk() -> None:
        await hall.hand_over(HEIR)
        await asyncio.sleep(1)
        await hall.desk.release(HEIR, 2)
        await asyncio.sleep(1)
        await hall.start(await hall.take(HEIR))

    said, _ = lived(hall, walk())
    assert "heir/2/b leads now, with the fencing token 3; old/1/a has handed over" == said


def test_another_that_leads_meanwhile_is_named(hall: Hall) -> None:
    """With how long was really waited, and no wish that was taken back: it is over by itself."""

    async def walk() -> None:
        await asyncio.sleep(1)
        await hall.hand_over(OTHER)

    said, _ = lived(hall, walk())
    assert (
        "IN VAIN: heir/2/b does not lead, after 2.1 s: another leads meanwhile. See its log."
        " other/3/c leads, with the fencing token 2"
    ) == said


def test_a_silent_standby_is_called_so(hall: Hall) -> None:
    """One that is held still while it is waited for."""

    async def walk() -> None:
        await asyncio.sleep(6)
        await hall.hand_over(OTHER)

    said, _ = lived(hall, walk())
    assert "another leads meanwhile. It has not been heard of for 7 s: see its log." in said


def test_another_wish_is_not_taken_back(hall: Hall) -> None:
    """Of two commands the later one has its way, and the earlier one says so at once."""

    async def walk() -> None:
        await hall.desk.want(OTHER.name)

    said, after_s = lived(hall, walk())
    assert (
        "IN VAIN: heir/2/b does not lead, after 1.1 s: another `solvent promote` wished otherwise."
        " old/1/a leads, with the fencing token 1. other/3/c is wanted now"
    ) == said
    assert (OTHER.name, True) == (hall.store.wanted, after_s < 2)


def test_a_wish_of_the_last_moment_is_not_taken_back(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another command wishes between the last look of this one and its taking back."""
    want = hall.desk.want

    async def after_another(name: str, *, instead_of: str | None = None) -> LeaseView:
        if name == "":
            await want(OTHER.name)
        return await want(name, instead_of=instead_of)

    monkeypatch.setattr(hall.desk, "want", after_another)
    said, _ = lived(hall, asyncio.sleep(0), wait_s=4)

    assert said.endswith("other/3/c is wanted now")
    assert OTHER.name == hall.store.wanted


def test_a_wish_that_somebody_took_back_is_not_waited_for(hall: Hall) -> None:
    """As Ctrl-C of the same command elsewhere does."""

    async def walk() -> None:
        await hall.desk.want("")

    said, after_s = lived(hall, walk())
    assert "after 1.1 s: somebody took the wish back. old/1/a leads, with the fencing token 1" in said
    assert after_s < 2


def test_a_wish_that_nobody_heard_of_is_taken_back(hall: Hall) -> None:
    """The leader goes on leading."""
    said, _ = lived(hall, asyncio.sleep(0), wait_s=4)
    assert (
        "IN VAIN: heir/2/b does not lead, after 4.0 s: it did not take the lead in that time."
        " old/1/a leads, with the fencing token 1. The wish was taken back"
    ) == said
    assert "" == hall.store.wanted


def test_a_free_lead_that_a_faulty_standby_leaves_is_told(hall: Hall) -> None:
    """A fault that came up after the wish: nobody waits for the whole time while nobody leads."""

    async def walk() -> None:
        await hall.desk.renew(OLD, 1, TTL_S)
        await hall.desk.release(OLD, 1)
        await hall.desk.stand_by(HEIR, 0, "a newer solvent wrote the journal")

    said, after_s = lived(hall, walk())
    assert "the lead has been free for 5 s, and it does not take it. It says: a newer solvent wrote the journal" in said
    assert "The leader has stopped already and the hand-over goes on" in said
    assert after_s < 10


def test_a_journal_that_was_away_for_a_moment_is_read_again(hall: Hall) -> None:
    """PostgreSQL restarts while the standby starts."""
    hall.refusals = [JournalRefusedError("away"), JournalDamagedError("an old snapshot"), FileNotFoundError()]

    async def walk() -> None:
        await hall.start(await hall.hand_over(HEIR))
        await asyncio.sleep(3)
        hall.refusals = []

    said, after_s = lived(hall, walk())
    assert ("heir/2/b leads now", True) == (said.partition(",")[0], after_s >= 4)


def test_a_journal_that_cannot_be_read_proves_nothing(hall: Hall) -> None:
    """Of the same version: it is said that the standby has the lease, and why nobody can tell more."""
    hall.refusals = [JournalDamagedError("event 7 is missing")]

    async def walk() -> None:
        await hall.hand_over(HEIR)

    said, _ = lived(hall, walk(), wait_s=8)
    assert "and has not begun to serve; the journal cannot be read: event 7 is missing" in said


def test_a_newer_version_is_believed(hall: Hall) -> None:
    """In a rolling upgrade the older command cannot read what the newer daemon writes: the lease has to do."""
    hall.refusals = [JournalDamagedError("reads Started up to version 1, found version 2")]

    async def walk() -> None:
        await hall.hand_over(Candidate(HEIR.name, version="99.0"))

    said, after_s = lived(hall, walk())
    assert said.startswith(
        "heir/2/b leads now, with the fencing token 2; old/1/a has handed over. Only its own version,"
    )
    assert after_s < 2


@pytest.mark.parametrize(
    ("fault", "behind", "expected"),
    [
        ("", 0, None),
        ("it cannot read", 2_000, "heir/2/b cannot take over now, it says: it cannot read. Mend that first"),
        ("", 2_000, "heir/2/b is 2000 events behind"),
    ],
)
def test_who_cannot_take_over_is_not_asked(
    hall: Hall, fault: str, behind: int, expected: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A standby that says a fault, or is far behind: it is refused in its own words before anybody hears of a wish."""

    async def main() -> LeaseView:
        await hall.take(OLD)
        return await hall.desk.stand_by(HEIR, 0, fault)

    view = run(main, 1)
    if expected is None:
        assert HEIR == _chosen(view, None, behind).candidate
        return
    with pytest.raises(click.exceptions.Exit) as refused:
        _chosen(view, None, behind)
    assert (2, True) == (refused.value.exit_code, capsys.readouterr().err.startswith(expected))
