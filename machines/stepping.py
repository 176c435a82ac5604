"""What a component does next: pure answers to *what was seen* and *what is wanted*."""

from __future__ import annotations

import enum

import msgspec

from config.instants import Instant
from config.plan import Component
from machines.lifecycle import state_after
from machines.lifecycle_states import RAISING, ComponentState, Step
from machines.observations import Observation, ResourceState
from machines.permits import cost_in
from machines.state.components import ComponentRecord, Intent
from machines.tokens import token

GENERATIONS_KNOWN_MAX = 8
"""How many past resources of a component are still recognised as ours."""
_STANDS = {
    ResourceState.ABSENT: ComponentState.COLD,
    ResourceState.WARM: ComponentState.WARM,
    ResourceState.BROKEN: ComponentState.WARM,
    ResourceState.HOT: ComponentState.HOT,
}
_REACHED = {
    Step.WARM: frozenset({ResourceState.WARM, ResourceState.HOT}),
    Step.ACTIVATE: frozenset({ResourceState.HOT}),
    Step.DEACTIVATE: frozenset({ResourceState.WARM, ResourceState.ABSENT}),
    Step.DECOMMISSION: frozenset({ResourceState.ABSENT}),
}


class Resolution(enum.Enum):
    """What to do with an open intent after a look."""

    DONE = "done"
    WAIT = "wait"
    RETRY = "retry"
    COMPENSATE = "compensate"
    """A raise is past its deadline and something half-made stands: lower it."""
    ABANDON = "abandon"
    """A raise is past its deadline and nothing is under way: stand where the world is."""
    PARK = "park"
    """A lowering is past its deadline: an operator must look; its cost stays reserved."""


def resolve(intent: Intent, seen: Observation, now: Instant) -> Resolution:
    """Settle an open intent by what the provider shows.

    A raise counts as reached only by a resource that carries the intent's token; a lowering by its absence.
    """
    raising = intent.step in RAISING
    ours = intent.token in seen.tokens
    unfinished = intent.step is Step.ACTIVATE and bool(seen.differences)
    if seen.state in _REACHED[intent.step] and (ours or not raising) and not unfinished:
        return Resolution.DONE
    if now < intent.deadline_at:
        interrupts = seen.interruptible and (not raising or unfinished)
        return Resolution.WAIT if seen.state is ResourceState.CHANGING and not interrupts else Resolution.RETRY
    if not raising:
        return Resolution.PARK
    if seen.state is ResourceState.ABSENT or (intent.step is Step.ACTIVATE and seen.state is ResourceState.WARM):
        return Resolution.ABANDON
    return Resolution.COMPENSATE


def shows_what_stood(step: Step, attempt: int, seen: Observation) -> bool:
    """Whether a look shows no less than what was confirmed before a step that was refused, and so changed nothing.

    An earlier attempt may have changed something: then nothing says what a look must show.
    """
    if attempt > 1:
        return False
    match step:
        case Step.WARM:
            return True
        case Step.DEACTIVATE:
            return seen.state is ResourceState.HOT
        case Step.ACTIVATE | Step.DECOMMISSION:
            return seen.state is not ResourceState.ABSENT


class Standing(msgspec.Struct, frozen=True):
    """Where a component turns out to stand, and what that counts in the cap."""

    state: ComponentState
    committed_micros: int


def standing_after(component: Component, record: ComponentRecord, step: Step) -> Standing:
    """Where a confirmed step leaves the component."""
    state = state_after(step, record.state)
    return Standing(state, cost_in(component, state) or 0)


def standing_found(component: Component, seen: Observation, *, repaired: bool = True) -> Standing:
    """Where a look finds the component. What is changing or broken counts its full price until it is settled.

    What serves otherwise than its options wish stands WARM at its full price: activating it again puts it right. Where
    it is not to be `repaired`, it stands HOT, so that it can be lowered.
    """
    state = _STANDS.get(seen.state, ComponentState.WARM)
    if seen.state is ResourceState.HOT and seen.differences and repaired:
        return Standing(ComponentState.WARM, component.monthly_cost_micros or 0)
    if seen.state in (ResourceState.CHANGING, ResourceState.BROKEN):
        return Standing(state, component.monthly_cost_micros or 0)
    return Standing(state, cost_in(component, state) or 0)


_LOWERED = frozenset(
    {
        (ComponentState.HOT, ComponentState.WARM),
        (ComponentState.HOT, ComponentState.COLD),
        (ComponentState.WARM, ComponentState.COLD),
    }
)
"""Recorded and wanted, where the next step is a lowering."""


class Sight(enum.Enum):
    """How a look at a component without an open intent compares with the record."""

    AS_RECORDED = "as_recorded"
    UNSETTLED = "unsettled"
    """The provider is still at work; look again."""
    DRIFTED = "drifted"
    DIFFERS = "differs"
    """It serves, otherwise than its options wish: repaired where it is wanted HOT, else left until it is lowered."""
    CONTESTED = "contested"
    """A foreign writer claims what solvent manages."""
    UNMANAGED = "unmanaged"
    """Something stands there that does not carry our token."""
    UNMANAGED_GONE = "unmanaged_gone"
    REPAIR_DROPPED = "repair_dropped"
    """A drift put it where it waits for its repair: nobody wants it higher any more."""
    NAMED_MISSING = "named_missing"
    """The resource that an operator named for adoption is not there."""


def known_tokens(plan_id: str, record: ComponentRecord, epoch: int) -> frozenset[str]:
    """The tokens under which a component's live resource is recognised as ours."""
    oldest = max(1, record.generation - GENERATIONS_KNOWN_MAX + 1)
    known = {token(plan_id, record.id, generation, epoch) for generation in range(oldest, record.generation + 1)}
    if record.state is not ComponentState.COLD:
        known.add(record.token)  # an adopted resource may carry a strange token, or none
    return frozenset(known)


def compare(
    record: ComponentRecord,
    seen: Observation,
    known_tokens: frozenset[str],
    wanted: ComponentState | None = None,
) -> Sight:
    """Hold a look against the record; `known_tokens` are those of this component's generations so far.

    `wanted` is what it is moved towards, None where nobody said: what is lowered anyhow is not repaired first.
    """
    ours = any(found in known_tokens for found in seen.tokens)
    if seen.state is ResourceState.CHANGING:
        # What is to be lowered asks for its step all the same: an intent has a deadline, a look after a look has none.
        return Sight.AS_RECORDED if ours and (record.state, wanted) in _LOWERED else Sight.UNSETTLED
    if seen.state is ResourceState.ABSENT:
        if record.unmanaged is not None:
            return Sight.UNMANAGED_GONE
        if record.state is not ComponentState.COLD:
            return Sight.DRIFTED
        return Sight.NAMED_MISSING if record.resource_name else Sight.AS_RECORDED
    if not ours and record.state is ComponentState.COLD:
        if record.resource_name:
            return Sight.UNMANAGED  # found before or not: it is to be adopted
        return Sight.AS_RECORDED if record.unmanaged is seen.state else Sight.UNMANAGED
    if not ours and record.state is not ComponentState.COLD:
        return Sight.DRIFTED
    if seen.foreign_writer:
        return Sight.CONTESTED
    if seen.differences and seen.state is ResourceState.HOT:
        raised = wanted in (ComponentState.HOT, None)
        if _waits_for_repair(record):
            return Sight.AS_RECORDED if raised else Sight.REPAIR_DROPPED
        if raised:
            return Sight.DIFFERS
    if seen.state is ResourceState.BROKEN:
        return Sight.DRIFTED if record.state is not ComponentState.WARM else Sight.AS_RECORDED
    return Sight.AS_RECORDED if _STANDS[seen.state] is record.state else Sight.DRIFTED


def keeps_for_repair(component: Component, record: ComponentRecord, seen: Observation) -> bool:
    """Whether a record waits for a repair: two looks found it there, and this one agrees.

    What drifted WARM or COLD counts more than it costs; what serves otherwise than wished is recorded WARM, and is not.
    It is kept while the repair is wanted; an actor does not know that, for it is told of what to do, not of what not.
    What was parked meanwhile has no drifts to tell any more: its count alone says that something is kept.
    """
    if seen.state is ResourceState.HOT and seen.differences:
        return _waits_for_repair(record)
    resting = (ComponentState.WARM, ResourceState.WARM), (ComponentState.COLD, ResourceState.ABSENT)
    found = (record.state, seen.state) in resting
    return found and record.committed_micros > (cost_in(component, record.state) or 0)


def _waits_for_repair(record: ComponentRecord) -> bool:
    """Whether a drift put it WARM: reported once, and counted at its full price until activation repairs it."""
    return record.state is ComponentState.WARM and bool(record.drifts_at) and record.drifts_at[-1] >= record.since
