"""Whole streams into a whole daemon: every entry answered once, and what was refused has changed nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from daemon.kernel import EventKind
from daemon.running import Daemon
from machines.events import CommandAnswered, EntryRejected, PaymentsRecorded, WatermarkReached
from tests.fuzzing.target import Answer, Target, require_told
from tests.fuzzing.targets import commands, fields, payments
from tests.simulation.ladder import ladder
from tests.simulation.scenario import require_none
from tests.simulation.world import World

NEXT_ENTRY: Final = b"\x1d"
ENTRIES_MAX: Final = 60
_PATIENCE_S: Final = 120
"""Of virtual time."""
_PLAN: Final = ladder()
_DOCUMENTS: Final = (
    NEXT_ENTRY.join(commands.TARGET.documents),
    NEXT_ENTRY.join(payments.TARGET.documents * 4),
    NEXT_ENTRY.join(
        each for pair in zip(commands.TARGET.documents, payments.TARGET.documents * 5, strict=False) for each in pair
    ),
)


def check(data: bytes) -> Answer:
    """One life of a daemon that is sent all of the entries at once."""
    world = World(_PLAN, 1)

    async def play(world: World, daemon: Daemon) -> None:
        for part in data.split(NEXT_ENTRY)[:ENTRIES_MAX]:
            entry = fields.read(part)
            world.send("commands:operator" if "verb" in entry else "payments", entry)
        await _until_read(world, daemon)

    assert world.live(play, rounds_max=200_000), "the daemon died"
    _require_answers(world)
    require_none(world)
    assert not [each for each in world.kernel_events if each[0] in _TROUBLES], world.kernel_events
    return Answer("answered", max(1, len(world.sent)))


_TROUBLES: Final = {EventKind.PARKED.value, EventKind.RESTARTING.value, EventKind.TASK_FAILED.value}


async def _until_read(world: World, daemon: Daemon) -> None:
    """Wait until the daemon's cursors stand at the last entries."""
    last = {stream: entry.id for stream, entry in world.sent}
    give_up_at = asyncio.get_running_loop().time() + _PATIENCE_S
    while any(daemon.recorder.state.cursors.get(stream) != entry_id for stream, entry_id in last.items()):
        assert asyncio.get_running_loop().time() < give_up_at, f"unread: {daemon.recorder.state.cursors}, {last}"
        await asyncio.sleep(0.5)


def _require_answers(world: World) -> None:
    """One answer for each command, one fate for each payment."""
    events = [each.event for each in world.events()]
    answers = Counter(each.entry_id for each in events if isinstance(each, CommandAnswered))
    assert Counter(each.id for each in world.sent_to("commands:operator")) == answers
    rejected = [each for each in events if isinstance(each, EntryRejected) and each.stream == "payments"]
    recorded = [each for each in events if isinstance(each, PaymentsRecorded) and each.stream == "payments"]
    watermarks = [each for each in events if isinstance(each, WatermarkReached)]
    taken = sum(len(each.counted) + each.duplicates + each.not_completed for each in recorded)
    assert len(world.sent_to("payments")) == taken + len(rejected) + len(watermarks)
    for event in events:
        if isinstance(event, CommandAnswered | EntryRejected):
            require_told(event.reason)


TARGET: Final = Target("streams", _DOCUMENTS, check, share=6, examples=12, guided=False)
