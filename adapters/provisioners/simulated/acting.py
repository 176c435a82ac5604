"""What a step does to the world: synchronous, so that no two calls can interleave inside it."""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.look_first import done_already, refuse_fenced
from adapters.provisioners.simulated.faults import Fault
from adapters.provisioners.simulated.options import STALE_DEFAULT_S, SimulatedComponent
from adapters.provisioners.simulated.world import (
    SNAPSHOTS_ITEMS_MAX,
    DataSnapshot,
    LiveResource,
    SimulatedWorld,
    Standing,
    make,
    note,
    settle,
    truth,
)
from config.instants import SECOND, Instant
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import StepDone, StepOrder

QUOTA_RETRY_S: Final = 60.0
_BECOMES: Final = {
    Step.WARM: ResourceState.WARM,
    Step.ACTIVATE: ResourceState.HOT,
    Step.DEACTIVATE: ResourceState.WARM,
    Step.DECOMMISSION: ResourceState.ABSENT,
}


class Circumstances(msgspec.Struct, frozen=True):
    """When a step meets the world, and what goes wrong with it."""

    now: Instant
    component: SimulatedComponent
    fault: Fault
    latency_s: int = 0
    """How long the step takes where the provider goes on by itself."""


def act(world: SimulatedWorld, step: Step, order: StepOrder, circumstances: Circumstances) -> StepDone | None:
    """Look and take the step; the answer where it stood done already, else None.

    Raises `Permanent`, `Transient` and `Ambiguous` as `done_already` does, and for the quota and an old generation.
    """
    standing = world.standing(order.resource)
    settle(standing, circumstances.now)
    careless = step is Step.WARM and not world.guards_tokens and order.token not in truth(standing).tokens
    if not careless and (done := done_already(step, order, truth(standing))):
        return done
    _refuse_past(standing, order)
    if step is Step.WARM and (careless or not standing.live):
        _within_quota(world, circumstances.component)
        _remember_past(standing, circumstances)
        make(standing, _made(standing, order, circumstances.component), circumstances.now)
    else:
        _remember_past(standing, circumstances)
    _move(standing, step, order, circumstances)
    return None


def still_at_work(world: SimulatedWorld, step: Step, order: StepOrder, now: Instant) -> bool:
    """Whether the provider works on this very step already: taking it again begins nothing."""
    standing = world.standing(order.resource)
    settle(standing, now)
    return any(
        live.token == order.token and live.state is ResourceState.CHANGING and live.becomes is _BECOMES[step]
        for live in standing.live
    )


def fence(standing: Standing, name: str, fencing: int) -> None:
    """Keep the highest fencing token, and refuse a lower one as the provider does: nothing was done before."""
    refuse_fenced(name, Mandate(fencing), standing.fencing)
    standing.fencing = max(standing.fencing, fencing)


def _refuse_past(standing: Standing, order: StepOrder) -> None:
    newest = max((live.generation for live in standing.live), default=0)
    if order.generation < newest:
        raise Permanent(f"{order.resource.component}: generation {newest} stands, {order.generation} is of the past")
    fence(standing, order.resource.component, order.fencing)


def _within_quota(world: SimulatedWorld, component: SimulatedComponent) -> None:
    limit = world.quota_resources_max
    if limit is None or world.live_resources < limit:
        return
    reason = f"quota: {limit} resources may live at once, and {world.live_resources} do"
    raise Permanent(reason) if component.script.quota_permanent else Transient(reason, QUOTA_RETRY_S)


def _made(standing: Standing, order: StepOrder, component: SimulatedComponent) -> LiveResource:
    kept = standing.snapshots[-1].data if standing.snapshots else ""
    return LiveResource(
        token=order.token,
        generation=order.generation,
        state=ResourceState.BROKEN,
        price_micros=component.price_micros,
        warm_price_micros=component.warm_price_micros,
        data=kept,
    )


def _remember_past(standing: Standing, circumstances: Circumstances) -> None:
    """Eventual consistency: looks go on showing what is true before this change."""
    script = circumstances.component.script
    stale_s, stale_reads = script.stale_s, script.stale_reads
    if circumstances.fault is Fault.STALE and not (stale_s or stale_reads):
        stale_s = STALE_DEFAULT_S
    if stale_s or stale_reads:
        standing.shown = truth(standing)
        standing.shown_until = circumstances.now + stale_s * SECOND
        standing.shown_reads = stale_reads


def _move(standing: Standing, step: Step, order: StepOrder, circumstances: Circumstances) -> None:
    now, fault = circumstances.now, circumstances.fault
    live = next((one for one in standing.live if one.token == order.token), standing.live[-1])
    live.token, live.generation = order.token, order.generation
    live.differs = live.differs and step is Step.WARM
    if step is Step.DEACTIVATE and live.data:
        standing.snapshots.append(DataSnapshot(now, live.generation, live.data))
        del standing.snapshots[:-SNAPSHOTS_ITEMS_MAX]
        note(standing, now, "snapshot", live)
    if fault is Fault.BREAKS:
        live.state, live.becomes = ResourceState.BROKEN, None
        note(standing, now, "broken", live)
        return
    script = circumstances.component.script
    slow_s = script.slow_s if fault is Fault.HALF_DONE else 0
    if script.begins:
        slow_s = max(slow_s, circumstances.latency_s)
    live.state, live.becomes = ResourceState.CHANGING, _BECOMES[step]
    live.settles_at = now + slow_s * SECOND
    if slow_s:
        note(standing, now, "changing", live)
    settle(standing, now)
