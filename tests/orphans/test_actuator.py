"""The actuator removes and lists as it takes steps: bounded, never in a dry run, never after a stop has begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from adapters.clocks import LoopClock
from daemon.actuator import Actuator, Answer
from daemon.kernel import pause
from machines.events import StepOutcome
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Provisioner, Resource, StepBegun
from tests.orphans.small_cloud import OLD, ORIGIN, SmallCloud
from tests.simulation.virtual_loop import run

PART = Resource("autobroker", "part_1")


class SlowCloud(SmallCloud):
    """Answers after ten minutes, and counts how many are waiting."""

    at_once, most_at_once = 0, 0

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepBegun:
        """Wait, then answer."""
        mandate.require("the removal")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await pause(600)
        finally:
            self.at_once -= 1
        return StepBegun("late")


def actuator(cloud: SmallCloud, *, acting: bool = True, stopping: bool = False) -> Actuator:
    """One call at a time, five minutes each."""
    provisioners: dict[str, Provisioner] = {"simulated": cloud} if acting else {}
    return Actuator(
        observers={"simulated": cloud},
        provisioners=provisioners,
        clock=LoopClock(ORIGIN),
        call_timeout_s=300,
        concurrent_calls_max=1,
        stopping=lambda: stopping,
    )


def removal(make: Callable[[], Actuator], still: Callable[[], bool] = lambda: True) -> Answer:
    """What one removal comes to."""

    async def main() -> Answer:
        return await make().remove(OLD, still)

    return run(main, 1)


def test_a_dry_run_removes_nothing() -> None:
    """It says that it is one; no provisioner exists."""
    cloud = SmallCloud(OLD)
    answer = removal(lambda: actuator(cloud, acting=False))

    assert (StepOutcome.PERMANENT, "this is a dry run: nothing is changed") == (answer.outcome, answer.reason)
    assert ([OLD], []) == (cloud.standing, cloud.removals)


def test_nothing_is_removed_after_a_stop_has_begun() -> None:
    """The order stays open for the next start."""
    cloud = SmallCloud(OLD)
    answer = removal(lambda: actuator(cloud, stopping=True))

    assert (False, "the daemon is stopping: no new call starts") == (answer.begun, answer.reason)
    assert [] == cloud.removals


def test_what_is_not_to_be_removed_any_more_is_not() -> None:
    """Asked at the last moment."""
    cloud = SmallCloud(OLD)
    answer = removal(lambda: actuator(cloud), lambda: False)

    assert not answer.begun
    assert [] == cloud.removals


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (Transient("later"), StepOutcome.TRANSIENT),
        (Permanent("never"), StepOutcome.PERMANENT),
        (Ambiguous("who knows"), StepOutcome.AMBIGUOUS),
    ],
)
def test_a_failure_is_an_answer(failure: CallError, outcome: StepOutcome) -> None:
    """As with a step."""
    cloud = SmallCloud(OLD)
    cloud.answers = [failure]

    assert outcome is removal(lambda: actuator(cloud)).outcome


def test_a_defect_of_an_adapter_is_unknown_and_no_refusal() -> None:
    """It may have come after the request: as a refusal what stands would be taken for gone, or made once more."""
    cloud = SmallCloud(OLD)

    def defect() -> None:
        raise ZeroDivisionError("a defect")

    cloud.before_remove = defect
    answer = removal(lambda: actuator(cloud))

    assert (StepOutcome.AMBIGUOUS, True) == (answer.outcome, answer.begun)
    assert "the provisioner failed: ZeroDivisionError: a defect" == answer.reason


def test_removals_are_bounded_in_time_and_number() -> None:
    """One at a time here, and what does not answer within its time is unknown."""
    cloud = SlowCloud(OLD)

    async def main() -> list[Answer]:
        bounded = actuator(cloud)
        return list(await asyncio.gather(*(bounded.remove(OLD, lambda: True) for _ in range(3))))

    answers = run(main, 1)
    assert [(StepOutcome.AMBIGUOUS, "no answer within 300 s")] * 3 == [(each.outcome, each.reason) for each in answers]
    assert cloud.most_at_once == 1


def test_nothing_is_listed_after_a_stop_has_begun() -> None:
    """A list is a call as well."""
    cloud = SmallCloud(OLD)

    async def main() -> None:
        with pytest.raises(Transient, match="stopping"):
            await actuator(cloud, stopping=True).list_resources("simulated", [PART])
        with pytest.raises(Permanent, match="no provisioner of kind 'other'"):
            await actuator(cloud).list_resources("other", [PART])

    run(main, 1)
    assert cloud.lists == 0
