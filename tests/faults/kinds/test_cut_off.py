"""The network between the daemon and what it moves, cut: Kubernetes, AWS and the agents behind an MQTT broker.

A proxy stands between the real adapter and its counterpart, and the step is taken by the daemon's own actuator.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product

import pytest

from machines.events import StepOutcome
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import CallError
from tests.contracts.provisioner_harness import TOKEN
from tests.faults.kinds.kinds import KINDS
from tests.faults.kinds.way import LIFE, PATIENCE_S, Way
from tests.tcp_proxy import TcpProxy

CHANGES_MAX = 20
CUTS = (1, 20, 30, 130, 600)
"""Bytes of replies: within the first line, between two lines of a head, within a body or a message of a broker."""
ONE = (1, [TOKEN])


async def test_what_cannot_be_reached_is_tried_again_later(way: Way) -> None:
    """Nothing was sent, so the answer is known: not done. When somebody listens again the same step makes one."""
    way.proxy.refuse()

    with way.impatient():
        refused = await way.take(Step.WARM)

    assert StepOutcome.TRANSIENT is refused.outcome, refused
    assert (0, []) == way.standing()
    way.proxy.mend()
    await way.see_through(Step.WARM)
    assert ONE == way.standing()


@pytest.mark.parametrize("way", [*KINDS, "kubernetes-tls"], indirect=True)
async def test_who_hangs_up_at_once_is_no_reason_to_give_up(way: Way) -> None:
    """As a balancer does with nobody behind it, before or within a handshake: never refused for good."""
    way.proxy.hang_up()

    with way.impatient():
        answer = await way.take(Step.WARM)

    assert answer.outcome in (StepOutcome.TRANSIENT, StepOutcome.AMBIGUOUS), answer
    assert (0, []) == way.standing()
    way.proxy.mend()
    await way.see_through(Step.WARM)
    assert ONE == way.standing()


async def test_a_request_that_is_lost_on_its_way_is_unknown(way: Way) -> None:
    """The connection broke under it: nobody can know that it did not arrive. The same step then makes one."""
    lost = await way.take_cut(Step.WARM, 1, lambda: way.proxy.lose_request(b""))

    assert StepOutcome.AMBIGUOUS is lost.outcome, lost
    assert (0, []) == way.standing()
    await way.see_through(Step.WARM)
    assert ONE == way.standing()


LOSSES: dict[str, Callable[[TcpProxy], None]] = {
    "before": lambda proxy: proxy.lose_reply(b""),
    "within": lambda proxy: proxy.drop_replies_after(20),
    "ended": lambda proxy: proxy.drop_replies_after(20, in_order=True),
}


@pytest.mark.parametrize(("way", "loss"), [*product(KINDS, LOSSES), ("aws_ecr", "ended")], indirect=["way"])
async def test_every_change_of_a_life_is_done_once_though_each_reply_is_lost(way: Way, loss: str) -> None:
    """Each answer is unknown, never done and never refused; what was asked for stands once at the end."""
    stood = []
    for step in LIFE:
        for number in range(1, CHANGES_MAX):
            answer = await way.take_cut(step, number, lambda: LOSSES[loss](way.proxy))
            if not way.struck.is_set():
                break
            assert StepOutcome.AMBIGUOUS is answer.outcome, answer
        await way.see_through(step)
        stood.append((await way.look()).state)

    assert [ResourceState.WARM, ResourceState.HOT, ResourceState.WARM, ResourceState.ABSENT] == stood
    assert (1, []) == way.standing()


async def test_a_way_that_swallows_everything_ends_the_call_at_its_deadline(way: Way) -> None:
    """Nobody is told anything: unknown, at the deadline and not later. What was swallowed was not done."""
    deadline_at = way.deadline_at()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        taken = group.create_task(way.take(Step.WARM, 1, way.proxy.hold))
        await way.until_held()
        way.world.clock.advance_to(deadline_at)

    assert StepOutcome.AMBIGUOUS is taken.result().outcome, taken.result()
    way.proxy.reset()
    way.proxy.release()
    assert (0, []) == way.standing()
    await way.see_through(Step.WARM)
    assert ONE == way.standing()


async def test_a_request_that_arrives_after_it_was_given_up_makes_nothing_twice(way: Way) -> None:
    """The network held it and lets it go: it may be done, while the same step is taken again."""
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        taken = group.create_task(way.take(Step.WARM, 1, way.proxy.hold))
        await way.until_held()
        way.world.clock.advance_to(way.deadline_at())
    assert StepOutcome.AMBIGUOUS is taken.result().outcome, taken.result()

    way.proxy.release()

    await way.see_through(Step.WARM)
    assert ONE == way.standing()


@pytest.mark.parametrize(("way", "how"), [*product(KINDS, ("reset", "ended")), ("aws_ecr", "ended")], indirect=["way"])
async def test_a_look_that_is_cut_shows_nothing_rather_than_absence(way: Way, how: str) -> None:
    """At whatever byte of the answers: a look and a list raise, or say what stands."""
    await way.see_through(Step.WARM)
    before, listed = await way.look(), await way.listed()
    seen: list[object] = []
    for cut_after in CUTS:
        for look, truth in ((way.look, before), (way.listed, listed)):
            way.proxy.drop_replies_after(cut_after, in_order=how == "ended")
            with way.impatient():
                try:
                    seen.append(await look() == truth)
                except CallError:
                    seen.append("raised")

    assert {True, "raised"} >= set(seen), seen
    assert "raised" in seen


async def test_what_stands_is_seen_when_the_network_is_back(way: Way) -> None:
    """While it is cut every look raises; then the first one shows what stood all the time."""
    await way.see_through(Step.WARM)
    await way.see_through(Step.ACTIVATE)
    way.proxy.refuse()
    with way.impatient(), pytest.raises(CallError):
        await way.look()

    way.proxy.mend()

    seen = await way.look()
    assert (ResourceState.HOT, (TOKEN,)) == (seen.state, seen.tokens)
