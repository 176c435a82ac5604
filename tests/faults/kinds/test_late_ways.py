"""A network that holds a step until its deadline has passed, and lets it go then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from machines.events import StepOutcome
from machines.lifecycle_states import Step
from tests.faults.kinds.way import PATIENCE_S, Way
from tests.processes.waiting import until
from tests.provisioners.mqtt.agent_world import AgentWorld


@pytest.mark.parametrize("way", ["mqtt"], indirect=True)
async def test_an_agent_is_not_asked_after_the_deadline_however_long_it_took_to_reach_it(way: Way) -> None:
    """The look came through, then the way stood still: the connection for the step stands only after its deadline."""
    world = way.world
    assert isinstance(world, AgentWorld)
    answered, asked = world.agent.answered, list[str]()

    def held_after_the_look(request: dict[str, Any]) -> dict[str, Any] | None:
        asked.append(request["step"])
        way.proxy.hold_requests()
        return answered(request)

    world.agent.answered = held_after_the_look  # type: ignore[method-assign]
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        taken = group.create_task(way.take(Step.WARM))
        await asyncio.to_thread(until, lambda: way.proxy.connections == 2, "the connection for the step")
        world.clock.advance_to(way.deadline_at())
        way.proxy.release()

    assert StepOutcome.TRANSIENT is taken.result().outcome, taken.result()
    assert "the deadline passed before" in taken.result().reason
    assert ["observe"] == asked
    assert (0, []) == way.standing()
