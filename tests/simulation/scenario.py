"""What happens to a simulated installation from outside: payments, watermarks and commands, one stimulus at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from config.calendar import month_text
from daemon.running import Daemon
from machines.events import StepIntended
from tests.simulation import checks
from tests.simulation.world import World

Stimulus = Callable[[World], None]
SETTLES_WITHIN_S: Final = 4 * 3_600
"""I12: so much virtual time after the last fault everything stands still."""
POLL_S: Final = 0.5


def payment(world: World, identity: str, month: str, amount: str, **more: str) -> None:
    """Send one payment, dated in the middle of the month."""
    fields = {
        "payment_id": identity,
        "customer_id": f"customer of {identity}",
        "amount": amount,
        "currency": "EUR",
        "status": "completed",
        "created_at": f"{month}-15T12:00:00Z",
        "kind": "payment",
        **more,
    }
    world.send("payments", fields)


def month_of(month: str, amount: str, *, parts: int = 2) -> Stimulus:
    """A month's revenue in equal parts, and the watermark that closes it."""

    def deliver(world: World) -> None:
        for part in range(parts):
            payment(world, f"{month}/{part}", month, f"{float(amount) / parts:.2f}")
        watermark(world, month)

    return deliver


def watermark(world: World, month: str) -> None:
    """All payments of the month have been sent."""
    year, number = int(month[:4]), int(month[5:])
    world.send("payments", {"watermark": f"{month_text(year * 12 + number)}-01T00:00:00Z"})


def command(note: str, *, stream: str = "commands:operator", **fields: str) -> Stimulus:
    """An operator's command."""

    def deliver(world: World) -> None:
        world.send(stream, {**fields, "by": note})

    return deliver


def approve_what_waits(world: World) -> None:
    """A second operator approves the only question there is."""
    open_ids = [each for each, asked in world.auditor.state.operators.approvals.items() if not asked.approved_by]
    (approval_id,) = open_ids
    world.send("commands:second", {"verb": "approve", "id": approval_id, "reason": "a launch", "by": "approved"})


def messy_month(world: World) -> None:
    """Re-delivery, a pending payment that completes, a malformed entry, a refund of a closed month, out of order."""
    payment(world, "2025-05/b", "2025-05", "400.00")
    payment(world, "2025-05/a", "2025-05", "250.00", status="pending")
    payment(world, "2025-04/0", "2025-04", "350.00")
    payment(world, "2025-05/x", "2025-05", "nonsense")
    payment(world, "2025-05/a", "2025-05", "250.00")
    payment(world, "2025-05/b", "2025-05", "400.00")
    payment(world, "2025-04/refund", "2025-04", "10.00", kind="refund")
    payment(world, "2025-05/c", "2025-05", "50.00")
    watermark(world, "2025-05")


FIVE_LEVELS: Final[Sequence[Stimulus]] = (
    month_of("2025-01", "150"),  # level 1
    month_of("2025-02", "350"),
    command("pinned", verb="pin", component="workers", state="WARM", reason="a migration"),
    month_of("2025-03", "350"),  # level 2, its workers held back
    command("unpinned", verb="unpin", component="workers"),
    month_of("2025-04", "700"),
    command("paused", verb="pause", scope="up"),
    messy_month,  # level 3, paused
    command("resumed", verb="resume"),
    command("mistaken", verb="pim", component="workers"),
    command("activated", verb="activate", component="fleet", reason="a launch"),  # above the cap: asks
    approve_what_waits,
    command("released", verb="unpin", component="fleet"),
    month_of("2025-06", "1600"),
    month_of("2025-07", "1600"),  # level 4
    month_of("2025-08", "740"),  # level 3
    month_of("2025-09", "330"),  # level 2
    month_of("2025-10", "110"),  # level 1
    month_of("2025-11", "20"),  # level 0
)


async def quiescent(world: World, daemon: Daemon, within_s: float = SETTLES_WITHIN_S) -> None:
    """Wait until nothing is under way; raises where it takes longer than I12 allows."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while busy := checks.still_busy(world, daemon):
        require_none(world)
        assert loop.time() < until_s, f"{world.told}\nI12: not settled within {within_s} s: {busy}\n{latest(world)}"
        await asyncio.sleep(POLL_S)
    require_none(world)


def playing(stimuli: Sequence[Stimulus]) -> Callable[[World, Daemon], Awaitable[None]]:
    """The rest of the scenario, from where the last life left off."""

    async def play(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        while world.delivered < len(stimuli):
            deliver = stimuli[world.delivered]
            world.delivered += 1
            deliver(world)
            await quiescent(world, daemon)

    return play


async def idle(world: World, daemon: Daemon) -> None:
    """Only come to rest."""
    await quiescent(world, daemon)
    await asyncio.sleep(5)


def require_none(world: World) -> None:
    """Fail at the first finding."""
    assert not world.findings, f"{world.told}\n" + "\n".join(map(str, world.findings)) + "\n" + latest(world)


def latest(world: World, number: int = 25) -> str:
    """The newest events, for the reader of a failure."""
    lines = []
    for each in world.events(max(0, len(world.store.events) - number)):
        event = each.event
        said = f"{event.component} {event.step.value}" if isinstance(event, StepIntended) else str(event)[:200]
        lines.append(f"{each.sequence} {each.actor} {type(event).__name__}: {said}")
    return "\n".join(lines)
