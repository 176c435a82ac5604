"""Two daemons that lead on two copies of one journal, and the one Redis by which each finds the other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.memory_streams import MemoryStreams
from daemon.leading.watched import WatchedLead
from daemon.publication.entries import entry_for
from daemon.roots.gate import CONFIRM_S, LED_BY_ANOTHER, Gate, LedByAnotherError
from machines.events import Pause, PauseEnded
from machines.ports.streams import Outgoing, Owner, StreamsAwayError
from tests.publication.publishing import Publishing, freeze
from tests.simulation.virtual_loop import run


class Lease:
    """A lease that nobody else takes."""

    def __init__(self, fencing: int) -> None:
        self.fencing = fencing
        self.name = f"this one, {fencing}"
        self.lost = ""

    def leads(self) -> bool:
        """Until it was told to lose it."""
        return not self.lost

    def lose(self, reason: str) -> None:
        """Keep why."""
        self.lost = reason


class Leader:
    """One start of a daemon under a token, over the journal and the Redis of a house."""

    def __init__(self, house: Publishing, fencing: int) -> None:
        self.lease = Lease(fencing)
        self.lead = WatchedLead(self.lease)
        self.streams = MemoryStreams(house.server)
        self.recorder = house.recorder
        identity = house.store.identity
        owner = Owner(identity.journal_id, "process 1", epoch=identity.epoch, fencing=fencing, name=self.lease.name)
        self.gate = Gate(streams=self.streams, recorder=house.recorder, owner=owner, lead=self.lead)

    @property
    def paused(self) -> str:
        """Why everything is paused; '' where it is not."""
        pause = self.recorder.state.operators.pause
        return pause.reason if pause is not None and pause.scope is Pause.ALL else ""


async def another_leads(house: Publishing, fencing: int) -> None:
    """On the other copy, under this token."""
    identity = house.store.identity
    other = Owner(identity.journal_id, "process 2", epoch=identity.epoch, fencing=fencing, name=f"another, {fencing}")
    assert other.name == (await MemoryStreams(house.server).claim(other)).name


def lived(body: Callable[[Publishing], Awaitable[Any]]) -> Any:
    """The body's result, on a journal that is open."""

    async def life() -> Any:
        house = Publishing()
        await house.start_without_publishing()
        found = await body(house)
        await house.kernel.stop(ask_s=1, cancel_s=1)
        return found

    return run(life, 1)


def test_a_leader_that_sees_a_later_one_ends() -> None:
    """It looks right before each call: the lease of its own copy is worth nothing any more."""

    async def body(house: Publishing) -> Leader:
        one = Leader(house, 1)
        await one.gate.enter()
        await another_leads(house, 2)
        await one.gate.confirm()
        return one

    one = lived(body)
    assert one.lease.lost.startswith(LED_BY_ANOTHER)
    assert "Redis shows process 2, in epoch 1 with the fencing token 2; this one is in epoch 1 with 1" in one.lease.lost
    assert (False, "") == (one.lead.leads(), one.paused)


@pytest.mark.parametrize("fencing", [1, 2])
def test_a_start_under_no_higher_token_is_paused(fencing: int) -> None:
    """It leads on a copy of the past: it takes nothing from whoever stands there, and does nothing."""

    async def body(house: Publishing) -> tuple[Leader, Owner | None]:
        await another_leads(house, 2)
        one = Leader(house, fencing)
        with pytest.raises(LedByAnotherError, match=LED_BY_ANOTHER):
            await one.gate.enter()
        return one, await one.streams.owner()

    one, owner = lived(body)
    assert one.paused.startswith(LED_BY_ANOTHER)
    assert one.lead.kept_out == one.paused
    assert (False, "", "another, 2") == (one.lead.leads(), one.lease.lost, owner.name)


def test_tokens_that_rise_with_each_start_do_not_win() -> None:
    """A start after a start on the wrong copy stays out, until somebody deletes who owns the keys."""

    async def body(house: Publishing) -> list[tuple[bool, str]]:
        await another_leads(house, 2)
        found = []
        for fencing in (2, 3, 4):
            one = Leader(house, fencing)
            with pytest.raises(LedByAnotherError):
                await one.gate.enter()
            owner = await one.streams.owner()
            assert owner is not None
            found.append((one.lead.leads(), owner.name))
        house.server.hashes.clear()
        await one.gate.enter()
        owner = await one.streams.owner()
        assert owner is not None
        return [*found, (one.lead.leads(), owner.name)]

    assert [*3 * [(False, "another, 2")], (True, "this one, 4")] == lived(body)


def test_the_next_leader_on_one_journal_takes_the_keys() -> None:
    """A takeover needs nobody: the one before is dead, and its token lower."""

    async def body(house: Publishing) -> Leader:
        await another_leads(house, 1)
        one = Leader(house, 2)
        await one.gate.enter()
        return one

    one = lived(body)
    assert (True, "", "") == (one.lead.leads(), one.paused, one.lease.lost)


def test_a_redis_that_forgot_who_leads_is_told_again() -> None:
    """A replica that became the primary shows the leader before; an empty one shows nobody: neither ends this one."""

    async def body(house: Publishing) -> list[str]:
        one, names = Leader(house, 2), []
        await another_leads(house, 1)
        before = dict(house.server.hashes)
        await one.gate.enter()
        for remembered in (before, {}):
            house.server.hashes.clear()
            house.server.hashes.update(remembered)
            await one.gate.look()
            owner = await one.streams.owner()
            names.append(f"{owner and owner.name} {one.lease.lost}")
        return names

    assert ["this one, 2 ", "this one, 2 "] == lived(body)


def test_what_this_leader_did_not_publish_ends_it() -> None:
    """The stream shows an event that its journal does not have, and it began well: somebody else leads."""

    async def body(house: Publishing) -> Leader:
        recorded = await house.record(freeze("a key"))
        one = Leader(house, 1)
        await one.gate.enter()
        ahead = entry_for("events", recorded[0], house.store.identity.journal_id)
        assert ahead is not None
        milliseconds, _, sequence = ahead.id.partition("-")
        strange = Outgoing(f"{milliseconds}-{int(sequence) + 7}", ahead.fields)
        await one.streams.publish("events", [strange], 10)
        with pytest.raises(LedByAnotherError):
            await one.gate.enter()
        return one

    one = lived(body)
    assert "event 8 was published, the journal ends at 1, and this daemon did not publish it" in one.lease.lost
    assert not one.paused


def test_a_journal_that_was_behind_at_the_start_does_not_end_later() -> None:
    """It is paused, which an operator ends; passing again, as after each break of a connection, is no news."""

    async def body(house: Publishing) -> tuple[str, str]:
        one = Leader(house, 1)
        await one.streams.publish("events", [Outgoing("1-9", {"journal_id": house.store.identity.journal_id})], 10)
        await one.gate.enter()
        paused = one.paused
        await house.record(PauseEnded("an operator says so"))
        await one.gate.enter()
        return paused, one.lease.lost

    paused, lost = lived(body)
    assert ("event 9 was published, the journal ends at 0" in paused, "") == (True, lost)


def test_without_redis_the_lease_decides() -> None:
    """A call waits for a silent Redis a second at most, and is made: whoever leads must be able to act."""

    async def body(house: Publishing) -> tuple[bool, float]:
        one = Leader(house, 1)
        await one.gate.enter()

        async def silent() -> Owner | None:
            await asyncio.sleep(60)
            raise StreamsAwayError("silent")

        one.gate._streams.owner = silent
        began_s = asyncio.get_running_loop().time()
        await one.gate.confirm()
        return one.lead.leads(), asyncio.get_running_loop().time() - began_s

    assert (True, CONFIRM_S) == lived(body)
