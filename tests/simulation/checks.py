"""What is checked while a simulated installation lives, beyond what the auditor finds in its events."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from adapters.provisioners.simulated.world import Standing
from config.calendar import calendar_of
from config.instants import HOUR, instant_from_text
from daemon.publication.entries import EVENTS, REPLIES
from machines.breaker import BreakerLimits
from machines.event_codec import decode_event
from machines.events import BreakerStatus, Recorded
from machines.granting import GrantLimits, breaker_names
from machines.invariants import (
    Finding,
    LiveResourceSeen,
    calls_after_stop,
    doubled_resources,
    fold_differences,
    unsettled,
    untraced_resources,
)
from machines.lifecycle_states import RAISING, Step
from machines.measuring import days_known_through
from machines.permits import cost_in
from machines.ports.provisioner import Resource
from machines.state.operators import next_expiry
from machines.state.whole import State, fold

if TYPE_CHECKING:
    from daemon.running import Daemon
    from tests.simulation.world import World


def limits_of(world: World) -> GrantLimits:
    """The limits that the simulated daemon grants by."""
    breaker = world.settings.breaker
    limits = BreakerLimits(
        breaker.failures_max,
        breaker.window_s,
        breaker.cooldown_initial_s,
        breaker.cooldown_max_s,
        breaker.cooldown_growth,
    )
    return GrantLimits(world.settings.provisioning.step_deadline_s, limits)


def call_findings(world: World, call: str, resource: Resource) -> list[Finding]:
    """A step that is about to reach the world: its intent is journaled (I1) and no open breaker is in its way (I6)."""
    state, step = world.auditor.state, Step(call)
    found: list[Finding] = []
    intent = state.components.of(resource.component).intent
    if intent is None or intent.step is not step:
        found.append(Finding("I1", f"{call} of {resource.component} is called without a journaled intent"))
    component = state.component(resource.component)
    for name in breaker_names(component) if component is not None and step in RAISING else ():
        breaker = state.breakers.get(name)
        if breaker is not None and breaker.status is BreakerStatus.OPEN:
            found.append(Finding("I6", f"{call} of {resource.component} goes through {name}, which is open"))
    return found


def resource_of(world: World, component: str) -> Resource:
    """A component of the world's plan as its provider knows it."""
    return Resource(world.plan.id, component)


def infrastructure_findings(world: World, called: Resource | None = None) -> list[Finding]:
    """I1 and I2 over what really stands; or of the component that was just called, all that its call can change."""
    if called is None:
        looked_at = world.infrastructure.components
    else:
        looked_at = {f"{called.plan}/{called.component}": world.infrastructure.standing(called)}
    live = [
        LiveResourceSeen(key.partition("/")[2], each.generation, each.token)
        for key, standing in looked_at.items()
        for each in standing.live
    ]
    return [*untraced_resources(live, world.auditor.tokens), *doubled_resources(live)]


def stop_findings(world: World) -> list[Finding]:
    """I10 over every call of the life that ended."""
    found = calls_after_stop(world.calls)
    world.calls.clear()
    return found


def still_busy(world: World, daemon: Daemon) -> list[str]:
    """Why the installation is not quiescent; [] when only something from outside can change it."""
    state = daemon.recorder.state
    busy = unsettled(
        state,
        now=world.clock.wall(),
        epoch=daemon.ports.journal.identity.epoch,
        limits=limits_of(world),
        days_through=min(days_known_through(state.revenue), world.clock.wall()),
    )
    for stream in ("payments", "commands:operator", "commands:second"):
        entries = world.sent_to(stream)
        if entries and state.cursors.get(stream) != entries[-1].id:
            busy.append(f"{stream} is read up to {state.cursors.get(stream)}, not {entries[-1].id}")
    following = next_expiry(state.operators)
    if following is not None and following - world.clock.wall() < HOUR:
        busy.append("a hold runs out within the hour")
    if daemon.publication.published_sequence < daemon.ports.journal.last_sequence:
        busy.append(f"published up to {daemon.publication.published_sequence}")
    return busy


def published_findings(world: World) -> list[Finding]:
    """I9 and I7 over the outgoing streams: each event once, in order; their fold is the journal's; one reply each."""
    found: list[Finding] = []
    state = State()
    for entry in world.server.entries(EVENTS):
        fields = entry.fields
        event = decode_event(fields["type"], int(fields["version"]), fields["data"])
        cause = int(fields["cause"]) if fields["cause"] else None
        sequence, at = int(fields["sequence"]), int(fields["recorded_micros"])
        if sequence != state.sequence + 1:
            return [Finding("I9", f"event {sequence} was published after {state.sequence}", sequence)]
        fold(state, Recorded(sequence, at, int(fields["effective_micros"]), fields["actor"], cause, event))
    found.extend(fold_differences(state, world.auditor.state))
    replies = Counter((each.fields["stream"], each.fields["id"]) for each in world.server.entries(REPLIES))
    for stream in ("commands:operator", "commands:second"):
        found.extend(
            Finding("I7", f"command {entry.id} of {stream} has {replies[stream, entry.id]} replies")
            for entry in world.sent_to(stream)
            if replies[stream, entry.id] != 1
        )
    return found


def naive_months(world: World) -> dict[str, str]:
    """Net revenue by month, counted naively from every entry ever sent; amounts in whole cents of text."""
    counted: dict[str, int] = {}
    ids: set[str] = set()
    for entry in world.sent_to("payments"):
        fields = entry.fields
        identity = fields.get("payment_id", "")
        if fields.get("status") != "completed" or identity in ids or not fields["amount"][0].isdigit():
            continue
        ids.add(identity)
        sign = -1 if fields["kind"] == "refund" else 1
        month = fields["created_at"][:7]
        counted[month] = counted.get(month, 0) + sign * int(Decimal(fields["amount"]) * 1_000_000)
    return {month: str(micros) for month, micros in sorted(counted.items())}


def counting_findings(world: World) -> list[Finding]:
    """I5: the book's months are those of a naive count over all that was ever sent."""
    state = world.auditor.state
    assert state.plan is not None
    policy, book = state.plan.policies.revenue, state.revenue.book
    calendar = calendar_of(state.plan.timezone)
    found: list[Finding] = []
    for month, micros in naive_months(world).items():
        number = calendar.month_of(instant_from_text(f"{month}-01T00:00:00Z"))
        kept = book.revenue_micros(number, policy)
        if kept != int(micros):
            found.append(Finding("I5", f"{month} counts {kept}, sent was {micros}"))
    return found


def standing_findings(world: World) -> list[Finding]:
    """At rest the record is what really stands, and what it counts is what that costs (I1, I4)."""
    state = world.auditor.state
    plan = state.plan
    assert plan is not None
    found: list[Finding] = []
    for component in plan.components.values():
        record = state.components.of(component.id)
        if component.host or record.parked or record.unmanaged is not None:
            continue
        standing = world.infrastructure.components.get(f"{plan.id}/{component.id}")
        really = _really(standing)
        if really != record.state.value:
            found.append(Finding("I1", f"{component.id} is recorded {record.state.value}, and is {really}"))
        cost = cost_in(component, record.state)
        if record.committed_micros != cost:
            found.append(Finding("I4", f"{component.id} is {record.state.value} and counts {record.committed_micros}"))
    return found


def _really(standing: Standing | None) -> str:
    """The state of what stands; what was changing had time enough to settle."""
    if standing is None or not standing.live:
        return "COLD"
    states = {(each.becomes or each.state).value.upper() for each in standing.live}
    # What broke while it rested WARM is left to the next activation, which mends it.
    return "/".join(sorted(states)).replace("ABSENT", "COLD").replace("BROKEN", "WARM")


class Outcome(msgspec.Struct, frozen=True):
    """How a run ended, as far as a crash on the way must not change it."""

    level: int
    released: int
    components: dict[str, str]
    committed_micros: int
    resources: dict[str, tuple[str, ...]]
    payments: tuple[int, int, int, int]
    answers: dict[str, str]
    freezes: tuple[str, ...]
    open_pins: tuple[str, ...]


def outcome(world: World) -> Outcome:
    """The end of the run, read from the journal and from what really stands."""
    state = world.auditor.state
    counters = state.revenue.counters
    answers = {
        entry.fields["by"]: reply.fields["outcome"]
        for stream in ("commands:operator", "commands:second")
        for entry in world.sent_to(stream)
        for reply in world.server.entries(REPLIES)
        if (reply.fields["stream"], reply.fields["id"]) == (stream, entry.id) and "by" in entry.fields
    }
    return Outcome(
        level=state.deciding.decided.level,
        released=state.deciding.released_level,
        components={each.id: each.state.value for each in state.components.records.values()},
        committed_micros=state.components.committed_micros,
        resources={
            key.partition("/")[2]: tuple(each.state.value for each in standing.live)
            for key, standing in sorted(world.infrastructure.components.items())
            if standing.live
        },
        payments=(counters.counted, counters.duplicates, counters.not_completed, counters.rejected),
        answers=answers,
        freezes=tuple(sorted(state.freezes)),
        open_pins=tuple(sorted(state.operators.pins)),
    )
