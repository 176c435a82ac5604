"""The messages between the daemon's actors: frozen values, named after what they ask or say."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from config.instants import Instant
from machines.lifecycle_states import ComponentState, Step
from machines.observations import Observation
from machines.ports.streams import Entry


class _Message(msgspec.Struct, frozen=True):
    """The base of all messages."""


# To the revenue actor


class EntriesArrived(_Message, frozen=True):
    """What one read of a stream brought, in order."""

    stream: str
    entries: tuple[Entry, ...]


class SourceGave(_Message, frozen=True):
    """What a source gave, in order. The answer is a `SourceTaken`."""

    source: str
    entries: tuple[Entry, ...]
    position: str | None
    """Where the source is read up to with these entries; None keeps it, for what was posted stands nowhere."""
    through: Instant | None = None
    ended: bool = True
    """Nothing more is to be had: the source was heard. A part of an answer, or a post beside reads, is no hearing."""
    is_news: bool = True
    """It is a sign of life. Where not, as of a folder with the files of yesterday, only a new payment makes it one."""
    position_counts: bool = False
    """The position says what was news, and is recorded with each hearing: a restart must not take it for news again."""


class SourceTaken(_Message, frozen=True):
    """What became of the entries."""

    counted: int = 0
    duplicates: int = 0
    not_completed: int = 0
    rejected: tuple[tuple[str, str, str], ...] = ()
    """The id, the field and the reason of each."""
    unknown: bool = False
    """The source gave nothing and never did: that is unknown, and it was not heard."""


class StreamReplaced(_Message, frozen=True):
    """The stream's last id fell below our cursor: another stream stands there. It is read from its start."""

    stream: str


class StreamGap(_Message, frozen=True):
    """The entry at our cursor is gone: entries behind it may have been trimmed unread."""

    stream: str


class CaughtUp(_Message, frozen=True):
    """Everything that stood in the stream has been read."""


class StreamsReached(_Message, frozen=True):
    """The streams answer again."""


class StreamsLost(_Message, frozen=True):
    """The streams cannot be reached."""

    reason: str


class TrustClock(_Message, frozen=True):
    """An operator says that the clock is right."""


class Tick(_Message, frozen=True):
    """A timer of the actor's own."""


# To the planner


class MonthsClosed(_Message, frozen=True):
    """Months became facts; judge them."""


# To the supervisor


class Reconsider(_Message, frozen=True):
    """Something changed that may let components move."""


class StepAsked(_Message, frozen=True):
    """A component asks whether it may take a step (or another attempt at its open one)."""

    component: str
    step: Step


class TargetAsked(_Message, frozen=True):
    """A component has forgotten its target, as after a failure, and wants to be told again."""

    component: str


class StepGranted(_Message, frozen=True):
    """The step is in the journal, its cost reserved. Take it."""

    intent: int
    """The event that recorded this attempt."""
    step: Step
    token: str
    generation: int
    deadline_at: Instant
    attempt: int


class StepRefused(_Message, frozen=True):
    """The step may not be taken now. `retry_after_s` None: something must change first."""

    reason: str
    retry_after_s: float | None = None
    withdrawn: bool = False
    """Nobody wants the step any more."""


class StepAnswered(_Message, frozen=True):
    """What the provider answered to a granted step."""

    component: str
    intent: int
    """The event that recorded the attempt: what is told too late must not end a later one."""
    outcome: str
    """A value of `machines.events.StepOutcome`."""
    reason: str = ""
    request_id: str = ""
    seen: Observation | None = None


class IntentUnreachable(_Message, frozen=True):
    """An intent is past its deadline; `seen` is where the world stands."""

    component: str
    intent: int
    """As in `StepAnswered`."""
    seen: Observation
    compensate: bool


class ParkAsked(_Message, frozen=True):
    """A component cannot go on without an operator."""

    component: str
    reason: str


class SightReported(_Message, frozen=True):
    """A look differed from the record."""

    component: str
    seen: Observation
    sight: str
    """A value of `machines.stepping.Sight`."""
    resource: str = ""
    """The name of the adopted, or to be adopted, resource that the look was at."""


class NameRefused(_Message, frozen=True):
    """A resource that an operator named for adoption cannot be looked at, for good."""

    component: str
    resource: str
    reason: str


# To a component


class Move(_Message, frozen=True):
    """Go towards this settled state, step by step, while the supervisor grants it."""

    target: ComponentState


class Look(_Message, frozen=True):
    """Look at the world, and settle what is open."""


# To the telemetry and publication actors


class Changed(_Message, frozen=True):
    """The state changed; show it."""


class Asked(_Message, frozen=True):
    """A command as it stands in its stream."""

    stream: str
    principal: str
    entry_id: str
    fields: Mapping[str, str]
