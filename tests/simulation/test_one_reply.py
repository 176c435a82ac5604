"""Every command that was sent has exactly one reply."""

from __future__ import annotations

import asyncio
from collections import Counter

from daemon.publication.entries import REPLIES
from daemon.running import Daemon
from tests.simulation.ladder import ladder
from tests.simulation.scenario import command
from tests.simulation.world import World

ROUNDS_MAX = 200_000
"""A daemon that reads a command again and again is cut off there, and the test fails."""
COMMANDS = (
    command("done", verb="pin", component="gateway", state="WARM"),
    command("refused", verb="pin", component="nobody", state="WARM"),
    command("unknown", verb="pim", component="gateway"),
    command("another's", stream="commands:second", verb="look", component="gateway"),
)


def test_every_command_has_exactly_one_reply() -> None:
    """One that was carried out, one that was refused, one that nobody understands, one of another operator (I7)."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        for deliver in COMMANDS:
            deliver(world)
        await asyncio.sleep(60)

    world.live(body, rounds_max=ROUNDS_MAX)
    sent = [(stream, entry.id) for stream, entry in world.sent]
    replies = Counter((each.fields["stream"], each.fields["id"]) for each in world.server.entries(REPLIES))

    assert dict.fromkeys(sent, 1) == dict(replies)
