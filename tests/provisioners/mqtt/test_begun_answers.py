"""An agent with more to do answers `begun` and is looked at until the goal stands."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.provisioners.mqtt.protocol import Reply, observation_from, step_answer
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, StepBegun, StepDone
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.mqtt.agent_world import AgentWorld

CHANGING = {"answer": "state", "state": "changing", "tokens": [TOKEN], "detail": "booting", "look_after_s": 20}


async def test_a_step_that_was_begun_is_told_as_such(harness: AgentWorld) -> None:
    """With the agent's words and when to look; nobody takes it for done."""
    harness.agent.scripted["warm", "web"] = [{"answer": "begun", "detail": "booting", "look_after_s": 20}]

    begun = await harness.provisioner().take(Step.WARM, harness.order(harness.resource()))

    assert isinstance(begun, StepBegun)
    assert ("booting", 20) == (begun.detail, begun.look_after_s)
    assert [] == harness.tokens(harness.resource())


async def test_a_look_shows_the_work_under_way(harness: AgentWorld) -> None:
    """Until the goal stands, with the same wait."""
    harness.agent.scripted["observe", "web"] = [dict(CHANGING)]

    seen = await harness.provisioner().observe(harness.resource())

    assert (ResourceState.CHANGING, (TOKEN,), "booting", 20) == (
        seen.state,
        seen.tokens,
        seen.detail,
        seen.look_after_s,
    )


async def test_a_step_is_not_taken_into_work_under_way(harness: AgentWorld) -> None:
    """What still changes is looked at again: the agent is asked for nothing else."""
    harness.agent.scripted["observe", "web"] = [dict(CHANGING)]

    with pytest.raises(Ambiguous, match="still changing"):
        await harness.provisioner().take(Step.ACTIVATE, harness.order(harness.resource()))


async def test_a_step_of_two_phases_is_taken_again(harness: AgentWorld) -> None:
    """Begun, looked at, found neither done nor at work: the same step is the next phase, and ends it."""
    harness.agent.scripted["warm", "web"] = [{"answer": "begun"}]
    harness.agent.scripted["observe", "web"] = []

    done = await call(harness.provisioner(), "warm", harness.order(harness.resource()))

    assert isinstance(done, StepDone)
    assert (1, [TOKEN]) == (harness.created(harness.resource()), harness.tokens(harness.resource()))


async def test_a_removal_may_be_begun_too(harness: AgentWorld) -> None:
    """As a step may."""
    await harness.walk(harness.resource(), "warm")
    (found,) = await harness.provisioner().list_resources("shop", (harness.resource(),))
    assert isinstance(found, FoundResource)
    harness.agent.scripted["remove", "web"] = [{"answer": "begun", "detail": "draining"}]

    begun = await harness.provisioner().remove(found, Mandate())

    assert isinstance(begun, StepBegun)
    assert "draining" == begun.detail


@pytest.mark.parametrize("seconds", [0, -1, 86_400, float("nan")])
def test_a_wait_that_makes_no_sense_is_none(seconds: float) -> None:
    """Nobody waits for a day, or for a time that has passed."""
    begun = step_answer(Reply("r", "begun", look_after_s=seconds), "greenhouse")

    assert isinstance(begun, StepBegun)
    assert begun.look_after_s is None


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        ({"answer": "refused", "reason": "no such region"}, Permanent, "the agent a refuses: no such region"),
        ({"answer": "refused"}, Permanent, "it gave no reason"),
        ({"answer": "later", "reason": "busy"}, Transient, "asks to be called again later: busy"),
        ({"answer": "state", "state": "hot"}, Ambiguous, "expected done, begun, refused or later"),
        ({"answer": "done", "cost": "-1"}, Ambiguous, "a cost of at least 0"),
        ({"answer": "done", "cost": "dear"}, Ambiguous, "a cost that cannot be read"),
    ],
)
def test_other_answers_to_a_step(reply: dict[str, Any], kind: type[Exception], said: str) -> None:
    """Each is one of the three words, with what the agent said."""
    with pytest.raises(kind, match=said):
        step_answer(Reply("r", **reply), "a")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ({"answer": "begun"}, "expected state with one of"),
        ({"answer": "state", "state": "warmish"}, "expected state with one of"),
        ({"answer": "state", "state": "warm", "units": -1}, "units of at least 0"),
        ({"answer": "state", "state": "absent", "tokens": ["t"]}, "no token where nothing is there"),
    ],
)
def test_a_look_that_makes_no_sense_is_unknown(reply: dict[str, Any], said: str) -> None:
    """Neither there nor gone."""
    with pytest.raises(Ambiguous, match=said):
        observation_from(Reply("r", **reply), "a")
