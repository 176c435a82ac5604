"""What looks at the world find."""

from __future__ import annotations

from machines.events.base import EventStruct
from machines.lifecycle_states import ComponentState
from machines.observations import ResourceState


class ResourceUnmanaged(EventStruct, frozen=True):
    """A resource was found that solvent did not make: costed, reported, untouched until adopted."""

    component: str
    observed: ResourceState
    tokens: tuple[str, ...]
    committed_micros: int


class ResourceAdopted(EventStruct, frozen=True):
    """An operator gave a found resource into solvent's hands."""

    component: str
    token: str
    generation: int
    from_state: ComponentState
    to_state: ComponentState
    committed_micros: int


class ResourceNamed(EventStruct, frozen=True):
    """An operator said which resource a COLD component is to adopt; with the name "" nothing is to be adopted now."""

    component: str
    resource: str
    """The provider's own name, such as an ARN."""
    reason: str = ""
    by: str = ""


class ResourceGone(EventStruct, frozen=True):
    """An unmanaged resource is no longer there."""

    component: str


class RepairDropped(EventStruct, frozen=True):
    """What waited for its repair is not wanted higher any more: it stands, and counts, as it was found."""

    component: str
    from_state: ComponentState
    to_state: ComponentState
    """HOT where it serves otherwise than its options wish: only while it waited for its repair was it recorded WARM."""
    committed_micros: int


class ComponentDrifted(EventStruct, frozen=True):
    """Reality differed from the record, and reality won."""

    component: str
    from_state: ComponentState
    to_state: ComponentState
    observed: ResourceState
    committed_micros: int
    contested: bool = False
    """A foreign writer keeps undoing the repair; the actor stops."""
    detail: str = ""
    """What differs, or who else writes."""
