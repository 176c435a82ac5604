"""Steps of components, from intent to end."""

from __future__ import annotations

import enum

from config.instants import Instant
from machines.events.base import EventStruct
from machines.lifecycle_states import ComponentState, Step
from machines.observations import ResourceState


class StepIntended(EventStruct, frozen=True):
    """A step is about to be taken: its token, and the cost that is reserved for it, in one event."""

    component: str
    step: Step
    token: str
    generation: int
    from_state: ComponentState
    to_state: ComponentState
    """The state while the step runs."""
    committed_micros: int
    """What the component counts from now on until the provider confirms."""
    deadline_at: Instant
    attempt: int = 1
    override: str = ""
    """The approval under which the step may exceed the cap."""
    cap_micros: int | None = None
    """The cap of the moment; None where the step is exempt."""
    total_micros: int = 0
    """Committed and reserved of all components after the step."""


class StepOutcome(enum.Enum):
    """How a step ended, as far as is known."""

    DONE = "done"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"
    BEGUN = "begun"
    """The provider took the request and is at work: looks for the token will show the end."""


class StepEnded(EventStruct, frozen=True):
    """What a call answered. Anything but `done` leaves the intent open, with its cost still reserved."""

    component: str
    step: Step
    token: str
    outcome: StepOutcome
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int
    reason: str = ""
    request_id: str = ""
    observed: ResourceState | None = None
    attempt: int = 1


class IntentAbandoned(EventStruct, frozen=True):
    """An intent was given up: the world was looked at, and the component stands in `to_state` with this cost."""

    component: str
    token: str
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int
    reason: str


class ComponentParked(EventStruct, frozen=True):
    """A component waits for an operator; what it may cost stays reserved."""

    component: str
    reason: str


class ComponentUnparked(EventStruct, frozen=True):
    """An operator let a parked component go on; an open intent gets this new deadline."""

    component: str
    deadline_at: Instant
