"""When the journal is slow the intake slows: nothing is read ahead of what is durable, however much has arrived."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from adapters.memory_streams import MemoryStreams
from daemon.running import Daemon
from machines.events import PaymentsRecorded
from machines.ports.streams import Entry
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live
from tests.simulation.scenario import quiescent
from tests.simulation.world import World

BATCH = 10
PAYMENTS = 95
DISK_S = 20.0


def counted(world: World) -> list[int]:
    """How many payments each durable event holds."""
    return [len(each.event.counted) for each in world.events() if isinstance(each.event, PaymentsRecorded)]


def test_no_batch_is_read_before_the_one_before_it_is_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each group takes the disk twenty seconds: at every read all that was read before is in the journal."""
    world = World(ladder(), 1)
    payments = msgspec.structs.replace(world.settings.payments, read_entries_max=BATCH)
    world.settings = msgspec.structs.replace(world.settings, payments=payments)
    read, taken, ahead = MemoryStreams.read, [0], list[int]()

    async def watched(self: MemoryStreams, after: Any, entries_max: int, block_ms: int) -> dict[str, list[Entry]]:
        if "payments" in after:
            ahead.append(taken[0] - sum(counted(world)))
        found = await read(self, after, entries_max, block_ms)
        taken[0] += len(found.get("payments", ()))
        return found

    monkeypatch.setattr(MemoryStreams, "read", watched)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        world.append_s = lambda: DISK_S
        for number in range(PAYMENTS):
            fields = {"payment_id": f"p{number}", "customer_id": "c", "amount": "1.00", "currency": "EUR"}
            rest = {"status": "completed", "created_at": "2025-01-10T00:00:00Z", "kind": "payment"}
            world.send("payments", fields | rest)
        await quiescent(world, daemon)

    live(world, body)
    assert {0} == set(ahead)
    assert (PAYMENTS, BATCH) == (sum(counted(world)), max(counted(world)))
