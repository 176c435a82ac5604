"""What a step means for what already stands: the one table that every provisioner asks before it acts."""

from __future__ import annotations

from machines.lifecycle_states import Step
from machines.observations import Observation, ResourceState
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import StepDone, StepOrder

_GOAL = {
    Step.WARM: ResourceState.WARM,
    Step.ACTIVATE: ResourceState.HOT,
    Step.DEACTIVATE: ResourceState.WARM,
    Step.DECOMMISSION: ResourceState.ABSENT,
}
_ILLEGAL = {
    (Step.WARM, ResourceState.HOT): "is hot already: deactivate it if it should be warm",
    (Step.ACTIVATE, ResourceState.ABSENT): "is not there: warm it first",
    (Step.DEACTIVATE, ResourceState.ABSENT): "is not there: nothing is left to deactivate",
    (Step.DECOMMISSION, ResourceState.HOT): "is hot: deactivate it first, so that its data is kept",
}


def done_already(step: Step, order: StepOrder, seen: Observation) -> StepDone | None:
    """Whether the wished state stands under the order's token; None means that the step may be taken now.

    Raises `Permanent` where the step would be out of order or would make a second resource (invariant I2), and
    `Ambiguous` while the provider is still at work on an earlier call. BROKEN is half-made: the same step completes
    it. A state that stands under another token is taken again, which puts the order's token on it.
    """
    name = f"{order.resource.plan}/{order.resource.component}"
    if len(seen.tokens) > 1:
        raise Permanent(f"{name} has {len(seen.tokens)} live resources ({', '.join(seen.tokens)}): remove all but one")
    if seen.state is ResourceState.CHANGING and _may_interrupt(step, seen):
        return None
    if seen.state is ResourceState.CHANGING:
        raise Ambiguous(f"{name} is still changing{_because(seen)}: look again")
    if step is Step.WARM and seen.state is not ResourceState.ABSENT and order.token not in seen.tokens:
        raise Permanent(f"{name} is there already under {_named(seen)}, not under {order.token}: adopt or remove it")
    if (step, seen.state) in _ILLEGAL:
        raise Permanent(f"{name} {_ILLEGAL[step, seen.state]}")
    if seen.state is not _GOAL[step] or seen.differences:
        return None
    if seen.state is not ResourceState.ABSENT and order.token not in seen.tokens:
        return None
    return StepDone(request_id="found done", cost_micros=seen.cost_micros)


def refuse_fenced(name: str, mandate: Mandate, highest: int) -> None:
    """Refuse the call of a daemon of the past, where the provider remembers the highest fencing token that it saw.

    Of two daemons on one journal, the one that leads has the higher token; 0 comes from one that shares its journal
    with nobody. Raises `Permanent` where nothing was changed under the mandate, else `Ambiguous`.
    """
    if 0 < mandate.fencing < highest:
        raise mandate.superseded(name, highest)


def _may_interrupt(step: Step, seen: Observation) -> bool:
    """What never becomes ready can be lowered, or mended by what its options wish by now."""
    return seen.interruptible and (
        step in (Step.DEACTIVATE, Step.DECOMMISSION) or (step is Step.ACTIVATE and bool(seen.differences))
    )


def _because(seen: Observation) -> str:
    return f" ({seen.detail})" if seen.detail else ""


def _named(seen: Observation) -> str:
    return f"the token {seen.tokens[0]}" if seen.tokens and seen.tokens[0] else "no token"
