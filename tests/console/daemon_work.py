"""Everything that the daemon's user does in Redis, once, on an instance that a test flushed before."""

from __future__ import annotations

from typing import Any, Final

import pytest

from adapters.clocks import SystemClock
from adapters.examinations.redis import redis_facts
from adapters.provisioners.budget import BudgetProvisioner
from adapters.provisioners.dial import DialProvisioner, RedisDialBoard
from adapters.redis_streams import CommandSender, PaymentsSender, RedisAccess, RedisStreams
from config.instants import SECOND
from machines.lifecycle_states import Step
from machines.ports.dials import DialSetting
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Provisioner, Resource, StepOrder
from machines.ports.streams import START, Outgoing, Owner, StreamsAwayError

TOKEN: Final = "svcontracttoken00000000000000001"
INSTANCE: Final = "solvent"


async def daemon_work(url: str, access: RedisAccess) -> None:
    """Raises where anything of it is refused."""
    clock = SystemClock()
    streams = RedisStreams(url, INSTANCE, access=access)
    payments, commands = (sender(url, INSTANCE, access=access) for sender in (PaymentsSender, CommandSender))
    board = RedisDialBoard(url, INSTANCE, clock, access)
    budgets = BudgetProvisioner(url, INSTANCE, clock, access)
    dials = DialProvisioner(url, INSTANCE, clock, access)
    try:
        await _stream_work(streams, payments, commands)
        budget = Resource("shop", "voice", {"units_per_month": "4000", "unit_price": "0.15", "unit": "minute"})
        await _steps(budgets, budget, (Step.WARM, Step.ACTIVATE))
        await budgets.reconcile("voice", "2026-11", 1, "a test", order="order-1", mandate=Mandate())
        await budgets.list_resources("shop", [budget])
        await _steps(budgets, budget, (Step.DEACTIVATE, Step.DECOMMISSION))
        dial = Resource("shop", "share", {"providers": ["openai"]})
        await _steps(dials, dial, (Step.WARM, Step.ACTIVATE))
        await board.look("share")
        await board.show("share", TOKEN, DialSetting(80, 80, "", clock.wall()))
        await _steps(dials, dial, (Step.DEACTIVATE, Step.DECOMMISSION))
        await _examined(url, access)
    finally:
        for each in (streams, payments, commands, board, budgets, dials):
            await each.close()


async def _stream_work(streams: RedisStreams, payments: Any, commands: Any) -> None:
    await streams.claim(Owner("journal", "a test"))
    last = await payments.send([{"payment_id": "1"}, {"payment_id": "2"}])
    await payments.length()
    await payments.first_id()
    await commands.send({"verb": "pause"})
    await streams.facts("payments", last)
    await streams.read({"payments": START, "commands": START}, 10, 0)
    await streams.trim_before("payments", last)
    await streams.publish("events", [Outgoing("1-1", {"n": "1"})], 100)
    await streams.publish("events", [Outgoing("1-1", {"n": "1"})], 100)  # taken back: the stream is watched no more
    await streams.last_entry("events")
    await streams.write_hashes({"component:web": {"state": "HOT"}})
    await streams.write_hashes({"component:web": {}, "level": {"level": "1"}})
    with pytest.raises(StreamsAwayError, match="our key solvent:level;"):
        await streams.read({"payments": START, "level": START}, 10, 0)


async def _steps(provisioner: Provisioner, resource: Resource, steps: tuple[Step, ...]) -> None:
    for step in steps:
        await provisioner.take(step, StepOrder(resource, TOKEN, 1, SystemClock().wall() + 60 * SECOND))


async def _examined(url: str, access: RedisAccess) -> None:
    """What `solvent doctor` asks, and a client that is not in the first database."""
    facts = await redis_facts(url, access, INSTANCE, SystemClock().wall())
    assert (facts.refused, facts.version is not None) == ((), True), facts
    elsewhere = RedisStreams(f"{url}/1", INSTANCE, access=access)
    try:
        await elsewhere.facts("payments", START)
    finally:
        await elsewhere.close()
