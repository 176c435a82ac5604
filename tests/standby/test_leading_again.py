"""What follows when a lead ends: a standby stands by again after a hand-over and after a hindrance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest
from structlog.testing import capture_logs

from adapters.memory_lease import MemoryLeaseDesk
from daemon.kernel import StopReport
from daemon.leading.following import Following
from daemon.leading.held import HeldLease
from daemon.leading.hindrances import Hindrances
from daemon.leading.leading import Waiting, lead_when_free
from machines.ports.journal import JournalDamagedError, JournalRefusedError
from machines.ports.lease import Candidate
from tests.standby.waits import SETTINGS, Bench

DONE = StopReport((), (), ())


class Life:
    """Leads one after the other, each with the next of these ends; the last one is a stop."""

    def __init__(self, *ends: Callable[[HeldLease], Awaitable[None]]) -> None:
        self.bench, self.stop = Bench(), asyncio.Event()
        self.desk = MemoryLeaseDesk(self.bench.store, self._pass_time)
        self.led: list[tuple[str, int]] = []
        """The candidate and the token of each lead."""
        self._ends = list(ends)
        self._names = 0

    async def live(self, *, standby: bool = True) -> StopReport:
        """From the first wait to the stop."""
        waiting = Waiting(
            self.desk, self._candidate, lambda each: self.bench.standing_by(self.desk, each), lambda: self.bench.now_s
        )
        settings = msgspec.structs.replace(SETTINGS, standby=standby)
        async with asyncio.timeout(10):
            return await lead_when_free(settings, waiting, self.stop, self._lead)

    def _candidate(self) -> Candidate:
        self._names += 1
        return Candidate(f"me/1/{self._names}")

    async def _lead(self, lease: HeldLease, _following: Following | None, _port: int) -> StopReport:
        self.led.append((lease.candidate.name, lease.fencing))
        if not self._ends:
            self.stop.set()
            return DONE
        await self._ends.pop(0)(lease)
        return DONE

    def _pass_time(self, method: str) -> None:
        """A second from one question of who stands by to the next."""
        self.bench.now_s += method == "stand_by"


async def hindered(_lease: HeldLease) -> None:
    """The journal cannot be opened at this moment."""
    raise JournalRefusedError("a person holds the table events")


async def test_a_hindrance_at_the_takeover_ends_no_standby() -> None:
    """It gives the lead back and stands by again, as the same candidate, for as often as it takes."""
    life = Life(hindered, hindered)
    assert DONE == await life.live()
    assert [("me/1/1", 1), ("me/1/1", 2), ("me/1/1", 3)] == life.led
    assert life.bench.store.leader is None


async def test_an_error_of_the_system_at_the_takeover_ends_no_standby() -> None:
    """As a full disk under the state directory."""

    async def full(_lease: HeldLease) -> None:
        raise OSError("no space left on device")

    life = Life(full)
    assert DONE == await life.live()
    assert 2 == len(life.led)


async def test_a_lead_that_served_did_not_fail_at_the_takeover() -> None:
    """It stands by again all the same, and what it says of a lead of days is no word of a takeover."""

    async def failing(lease: HeldLease) -> None:
        lease.found_at("http://127.0.0.1:1")
        raise OSError("no space left on device")

    life = Life(failing, hindered)
    with capture_logs() as lines:
        assert DONE == await life.live()
    said = [line["event"] for line in lines if line["log_level"] == "error"]
    assert ["lead_failed", "takeover_failed"] == said
    assert [1, 2, 3] == [fencing for _name, fencing in life.led]


@pytest.mark.parametrize(
    ("served", "sentence"),
    [(False, "the lead could not be taken over the last time: held"), (True, "the last lead ended: held")],
)
def test_what_hindered_is_told_as_it_was(served: bool, sentence: str) -> None:
    """`/readyz` says whether it was the takeover or the lead after it."""
    hindrances = Hindrances(lambda: 0.0)
    hindrances.note("held", 1, served=served)
    assert hindrances.last is not None
    assert sentence == hindrances.last.reason


async def test_a_hindrance_ends_who_does_not_stand_by() -> None:
    """Without --standby a journal that cannot be opened keeps a daemon from starting, and it says why."""
    with pytest.raises(JournalRefusedError, match="holds the table"):
        await Life(hindered).live(standby=False)


async def test_what_never_heals_ends_a_standby() -> None:
    """A damaged journal is not better the next time; the lead is given back."""

    async def damaged(_lease: HeldLease) -> None:
        raise JournalDamagedError("event 7 is not what was written")

    life = Life(damaged)
    with pytest.raises(JournalDamagedError):
        await life.live()
    assert life.bench.store.leader is None


async def test_it_stands_by_after_a_hand_over_that_was_to_be_called_off() -> None:
    """The wish is taken back while the leader stops already: it hands over all the same, and stands by again."""

    async def called_off(lease: HeldLease) -> None:
        for wish in ("other/2/b", ""):
            await life.desk.want(wish)
            await lease.renew()

    life = Life(called_off)
    assert DONE == await life.live()
    assert [1, 2] == [fencing for _name, fencing in life.led]
    assert life.led[0][0] != life.led[1][0]


async def test_the_lead_is_left_to_others_for_longer_each_time() -> None:
    """One second, two, four: who is hindered for long does not ask all the time; a quiet minute begins it anew."""
    now_s = 0.0
    hindrances, waits = Hindrances(lambda: now_s), []
    for _ in range(7):
        hindrances.note("held", 1)
        assert hindrances.last is not None
        waits.append(hindrances.last.until_s - now_s)
        now_s = hindrances.last.until_s
    assert [1, 2, 4, 8, 15, 15, 15] == waits
    now_s += 61
    hindrances.note("held", 1)
    assert hindrances.last.until_s == now_s + 1
