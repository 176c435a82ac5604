"""What was judged by a state that is no longer there is not recorded."""

from __future__ import annotations

import asyncio

import pytest

from daemon.recorder import OvertakenError
from daemon.running import Daemon
from machines.events import FreezeChanged
from tests.simulation.ladder import ladder
from tests.simulation.one_life import live, of_type
from tests.simulation.scenario import quiescent
from tests.simulation.world import World


def test_what_must_still_hold_is_asked_once_everything_before_it_is_folded() -> None:
    """A group that waits behind the very event that forbids it is refused, and nothing of it is written."""
    world = World(ladder(), 1)

    async def body(world: World, daemon: Daemon) -> None:
        await quiescent(world, daemon)
        recorder = daemon.recorder
        before = asyncio.ensure_future(recorder.record("a test", [FreezeChanged("first", frozen=True)]))
        await asyncio.sleep(0)
        with pytest.raises(OvertakenError):
            await recorder.record(
                "a test",
                [FreezeChanged("second", frozen=True)],
                still=lambda: "first" not in recorder.state.freezes,
            )
        await before
        await recorder.record("a test", [FreezeChanged("first", frozen=False)])
        await quiescent(world, daemon)

    live(world, body)
    assert "second" not in {each.key for each in of_type(world, FreezeChanged)}  # type: ignore[union-attr]  # by its kind
