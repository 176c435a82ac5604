"""Resuming: the newest snapshot, and the fold of what followed it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import msgspec

from config.instants import Instant
from config.plan import Plan
from daemon.kernel.state import failure_text
from machines.events import ActorResumed, Event, FreezeChanged, Mode, PlanAdopted, Recorded, SourcesConfigured, Started
from machines.ports.journal import Journal, JournalDamagedError, JournalNotFoldableError
from machines.state.whole import State, fold

PLAN_CHANGED = "plan_changed"
"""The freeze of a daemon whose plan file differs from the plan in its journal (ARCHITECTURE 9)."""
PROGRESS_EVENTS = 10_000
"""Less than a second of folding on a slow machine."""
_DECODER = msgspec.msgpack.Decoder(State)
_ENCODER = msgspec.msgpack.Encoder()
_CANONICAL = msgspec.json.Encoder(order="deterministic")


class Resumed(msgspec.Struct, frozen=True):
    """The state as the journal has it, and when its newest event was recorded."""

    state: State
    last_recorded_at: Instant | None
    folded_events: int
    """How many events were folded on top of the snapshot."""


def encode_state(state: State) -> bytes:
    """The snapshot of a state."""
    return _ENCODER.encode(state)


def plan_fingerprint(plan: Plan) -> str:
    """The SHA-256 of the plan's canonical JSON: two files that say the same have the same."""
    return hashlib.sha256(_CANONICAL.encode(plan)).hexdigest()


async def resume(
    journal: Journal, progressed: Callable[[int], None] = lambda _events: None, *, warm: State | None = None
) -> Resumed:
    """The state after the journal's last event; `progressed` hears now and then how many events were folded.

    `warm` is a state that was folded from this journal already: only what follows it is folded. Raises
    `JournalDamagedError` where the events do not follow the state without a gap, or one of them cannot be folded.
    """
    state = warm
    if state is None:
        snapshot = await journal.newest_snapshot()
        state = State() if snapshot is None else _DECODER.decode(snapshot.state)
    folded = 0
    last_recorded_at: Instant | None = None
    async for recorded in journal.read(after=state.sequence):
        if recorded.sequence != state.sequence + 1:
            raise JournalDamagedError(_gap(state.sequence, recorded.sequence))
        fold_or_say(state, recorded)
        last_recorded_at = recorded.recorded_at
        folded += 1
        if folded % PROGRESS_EVENTS == 0:
            progressed(folded)
    if last_recorded_at is None and state.sequence:
        async for recorded in journal.read(after=state.sequence - 1, limit=1):
            last_recorded_at = recorded.recorded_at
    return Resumed(state, last_recorded_at, folded)


def _gap(folded: int, found: int) -> str:
    return (
        f"the state is that after event {folded}, and the next event in the journal is {found}: those between are "
        "gone. Where this was read beside a daemon that leads, retention dropped them meanwhile: read again. Else run "
        "`solvent verify`, and restore a backup"
    )


def fold_or_say(state: State, recorded: Recorded) -> None:
    """Fold one event of a journal.

    Raises `JournalNotFoldableError` where this version cannot, and `MemoryError`; the state is of no use then.
    """
    try:
        fold(state, recorded)
    except MemoryError:
        raise
    except Exception as defect:
        raise JournalNotFoldableError(_not_foldable(recorded, defect)) from defect


def _not_foldable(recorded: Recorded, defect: Exception) -> str:
    return (
        f"the event {recorded.sequence} ({type(recorded.event).__name__}) is as it was written, and this version of "
        f"solvent cannot fold it ({failure_text(defect)}). That is a defect of solvent and none of the "
        "journal, which is left as it is: report it with `solvent support-bundle`. A version that wrote or read it "
        "before may go on with it (docs/upgrading.md)"
    )


def boot_events(
    state: State,
    *,
    plan: Plan,
    mode: Mode | None,
    instance: str,
    version: str,
    sources: Mapping[str, str] | None = None,
    fencing: int = 0,
    holder: str = "",
) -> list[Event]:
    """What a start writes: that it started, and what differs from the journal; nothing else.

    A plan that differs from the journal's does not decide yet: the old one goes on, frozen, until `reload`. `sources`
    are the kinds of the configured ones by name.
    """
    events: list[Event] = [Started(instance, version, mode or state.mode, fencing, holder)]
    fingerprint = plan_fingerprint(plan)
    frozen = PLAN_CHANGED in state.freezes
    if state.plan is None:
        events.append(PlanAdopted(plan, fingerprint))
    elif fingerprint != state.plan_fingerprint and not frozen:
        reason = (
            f"the plan {plan.id} differs from the one in the journal; approve it with the verb reload; or, if this"
            " machine has the wrong file, put the right one there, then reload or restart"
        )
        events.append(FreezeChanged(PLAN_CHANGED, frozen=True, reason=reason))
    elif fingerprint == state.plan_fingerprint and frozen:
        events.append(FreezeChanged(PLAN_CHANGED, frozen=False))
    if {name: stand.kind for name, stand in state.revenue.sources.stands.items()} != (sources or {}):
        events.append(SourcesConfigured(tuple(sources or ()), tuple((sources or {}).values())))
    events.extend(ActorResumed(actor) for actor in state.parked_actors)
    return events
