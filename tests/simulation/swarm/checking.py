"""What must hold at the end of a case, each counted anew from what was sent, what is published and what stands."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from config.calendar import calendar_of, month_text
from config.instants import HOUR
from config.policies import RevenuePolicy
from daemon.publication.entries import EVENTS, REPLIES
from daemon.running import Daemon
from machines.events import DeliveryEnded, Event, FreezeChanged, PaymentsRecorded
from machines.invariants import Finding, unsettled
from machines.lifecycle_states import ComponentState
from machines.measuring import days_known_through
from machines.moving import wanted_states
from machines.observations import ResourceState
from machines.permits import cost_in
from machines.revenue.payments import Kind
from machines.state.notifications import DELIVERED
from machines.state.operators import next_expiry
from tests.simulation import checks
from tests.simulation.swarm.operators import STREAMS
from tests.simulation.swarm.swarm_world import entries_above

if TYPE_CHECKING:
    from tests.simulation.swarm.business import Business
    from tests.simulation.swarm.swarm_world import SwarmWorld

OF_TIME_ALONE: Final = frozenset(
    {
        "CostsAccrued", "BillRead", "CostAlarmChanged", "NotificationRaised", "NotificationCleared", "DeliveryEnded",
        "RevenueMeasured", "DialTurned", "SourceHeard", "WatermarkReached", "EntryRejected", "PaymentsRecorded",
    }
)  # fmt: skip
"""What a boot may write because a bill, a day or a delivery is due, whoever booted; and that the row which a source
gave last, and gives again to whoever asks, was rejected."""


def is_of_time_alone(event: Event) -> bool:
    """Whether a boot with nothing changed may write it. A row without a rate that is given again freezes again."""
    again = isinstance(event, FreezeChanged) and event.frozen and event.key == "currency"
    return again or type(event).__name__ in OF_TIME_ALONE


def busy(world: SwarmWorld, daemon: Daemon) -> list[str]:
    """Why the installation is not at rest; [] when only something from outside can change it."""
    state = daemon.recorder.state
    found = unsettled(
        state,
        now=world.clock.wall(),
        epoch=daemon.ports.journal.identity.epoch,
        limits=checks.limits_of(world),
        days_through=min(days_known_through(state.revenue), world.clock.wall()),
    )
    for stream in ("payments", *STREAMS):
        if unread := entries_above(world, stream, state.cursors.get(stream)):
            found.append(f"{stream} has {len(unread)} entries unread")
    following = next_expiry(state.operators)
    if following is not None and following - world.clock.wall() < HOUR:
        found.append("a hold runs out within the hour")
    if daemon.publication.published_sequence < daemon.ports.journal.last_sequence:
        found.append(f"published up to {daemon.publication.published_sequence}")
    return found


def waiting(world: SwarmWorld) -> str:
    """What waits for an operator."""
    state = world.auditor.state
    parked = {each.id: each.parked for each in state.components.records.values() if each.parked}
    return f"freezes {state.freezes}, parked {parked}, actors {state.parked_actors}"


def findings_at_rest(world: SwarmWorld, business: Business) -> list[Finding]:
    """Everything that is checked once, at the end."""
    return [
        *published_findings(world),
        *reply_findings(world),
        *counting_findings(world, business),
        *standing_findings(world),
        *frozen_findings(world),
        *kernel_findings(world),
        *told_findings(world),
    ]


def published_findings(world: SwarmWorld) -> list[Finding]:
    """I9: the stream is the journal, each event once and in order; it may begin later, where it was trimmed."""
    entries = world.server.entries(EVENTS)
    first = len(world.store.events) - len(entries) + 1
    for sequence, entry in enumerate(entries, first):
        stored, fields = world.store.events[sequence - 1], entry.fields
        shown = int(fields["sequence"]), fields["type"], fields["data"], int(fields["recorded_micros"])
        data = stored.encoded.data if isinstance(stored.encoded.data, str) else stored.encoded.data.decode()
        if shown != (sequence, stored.encoded.name, data, stored.recorded_at):
            return [Finding("I9", f"event {sequence} is published as {shown[:2]}", sequence)]
    if first > 1 and len(entries) < world.settings.publication.stream_entries_max:
        return [Finding("I9", f"the stream of events begins at {first}")]
    return []


def reply_findings(world: SwarmWorld) -> list[Finding]:
    """I7: one reply to each command; at most one to what an empty server may have lost."""
    replies = Counter((each.fields["stream"], each.fields["id"]) for each in world.server.entries(REPLIES))
    sent = Counter((stream, each.id) for stream in STREAMS for each in world.sent_to(stream))
    found = [Finding("I7", f"{each} has a reply and was never sent") for each in replies if each not in sent]
    for each in sent:
        least = 0 if each in world.lost else 1
        if not least <= replies[each] <= 1:
            found.append(Finding("I7", f"command {each[1]} of {each[0]} has {replies[each]} replies"))
    return found


def counting_findings(world: SwarmWorld, business: Business) -> list[Finding]:
    """I5: what the journal and the book count of each month is what the business knows that it told."""
    state = world.auditor.state
    assert state.plan is not None
    calendar = calendar_of(state.plan.timezone)
    told: Counter[int] = Counter()
    for at, micros in business.truth.values():
        told[calendar.month_of(at)] += micros
    journal: Counter[int] = Counter()
    for recorded in world.events():
        if isinstance(recorded.event, PaymentsRecorded):
            for each in recorded.event.counted:
                sign = -1 if each.kind is Kind.REFUND else 1
                journal[calendar.month_of(each.created_at)] += sign * each.amount_micros
    book, policy = state.revenue.book, RevenuePolicy()
    found = [
        Finding("I5", f"{month_text(month)}: the journal counts {journal[month]}, the business told {told[month]}")
        for month in sorted(told.keys() | journal.keys())
        if journal[month] != told[month]
    ]
    found += [
        Finding("I5", f"{month_text(month)}: the book has {book.revenue_micros(month, policy)}, told {told[month]}")
        for month in book.months
        if book.revenue_micros(month, policy) != told[month]
    ]
    return found


def standing_findings(world: SwarmWorld) -> list[Finding]:
    """I1 and I4: at rest the record is what really stands, and it counts what that costs."""
    state = world.auditor.state
    plan = state.plan
    assert plan is not None
    found: list[Finding] = []
    wanted = wanted_states(plan, state)
    for component in plan.components.values():
        record = state.components.of(component.id)
        if component.host or record.parked or record.unmanaged is not None:
            continue
        really = checks._really(world.infrastructure.components.get(f"{plan.id}/{component.id}"))
        repairs = wanted.get(component.id) is ComponentState.HOT and record.state is not ComponentState.HOT
        # What serves otherwise than wished rests WARM in the record until what it requires is HOT: then it is repaired.
        differs = repairs and record.state is ComponentState.WARM and _serves_otherwise(world, component.id)
        if really != record.state.value and not differs:
            found.append(Finding("I1", f"{component.id} is recorded {record.state.value}, and is {really}"))
        cost = cost_in(component, ComponentState.HOT if differs else record.state)
        if record.committed_micros != cost and (differs or not repairs):  # what waits for its repair keeps its own
            found.append(Finding("I4", f"{component.id} is {record.state.value}, counts {record.committed_micros}"))
    return found


def _serves_otherwise(world: SwarmWorld, component_id: str) -> bool:
    standing = world.infrastructure.components.get(f"{world.plan.id}/{component_id}")
    hot = [each for each in standing.live if each.state is ResourceState.HOT] if standing is not None else []
    return len(hot) == 1 and hot[0].differs


def frozen_findings(world: SwarmWorld) -> list[Finding]:
    """After an operator's round nothing is frozen: each freeze has an end."""
    return [Finding("I12", f"still frozen: {key}: {why}") for key, why in world.auditor.state.freezes.items()]


def kernel_findings(world: SwarmWorld) -> list[Finding]:
    """No actor failed and no task died, whatever befell the world."""
    return [Finding("kernel", f"{kind} {name}: {detail}") for kind, name, detail in world.kernel_events[:5]]


def told_findings(world: SwarmWorld) -> list[Finding]:
    """What counts as delivered reached somebody."""
    delivered = (each.event for each in world.events() if isinstance(each.event, DeliveryEnded))
    return [
        Finding("told", f"{each.notification_id} counts as delivered, and nobody was told")
        for each in delivered
        if each.outcome == DELIVERED and each.notification_id not in world.told_messages
    ]
