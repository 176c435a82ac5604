"""Live resources that carry the plan's tag and belong to nothing that the journal knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from machines.lifecycle_states import ComponentState
from machines.state.components import ComponentRecord
from machines.state.whole import State
from machines.stepping import GENERATIONS_KNOWN_MAX
from machines.tokens import token


class Tagged(Protocol):
    """What is asked of a found resource: `machines.ports.provisioner.FoundResource` has it."""

    @property
    def kind(self) -> str: ...  # noqa: D102 - as there
    @property
    def name(self) -> str: ...  # noqa: D102 - as there
    @property
    def component(self) -> str: ...  # noqa: D102 - as there
    @property
    def token(self) -> str: ...  # noqa: D102 - as there
    @property
    def detail(self) -> str: ...  # noqa: D102 - as there


class Orphan(msgspec.Struct, frozen=True):
    """A resource that nobody manages and that may cost money."""

    found: Tagged
    why: str


def orphans(found: Iterable[Tagged], state: State, epoch: int) -> tuple[Orphan, ...]:
    """Those of the found that belong to nothing, by a state that is not older than the list."""
    judged = ((each, _why(each, state, epoch)) for each in found)
    return tuple(Orphan(each, why) for each, why in judged if why)


def agreed(first: Iterable[Orphan], second: Iterable[Orphan]) -> tuple[Orphan, ...]:
    """What two reads both found to be an orphan: one list may have been overtaken by a step under way."""
    before = {(each.found.kind, each.found.name, each.found.token) for each in first}
    return tuple(each for each in second if (each.found.kind, each.found.name, each.found.token) in before)


def _why(found: Tagged, state: State, epoch: int) -> str:
    """Why it belongs to nothing; "" where it belongs to its component."""
    if state.component(found.component) is None:
        return f"the plan has no component {found.component}"
    record = state.components.records.get(found.component)
    if record is None:
        record = ComponentRecord(found.component)
    if record.state is ComponentState.COLD:
        if record.unmanaged is not None and record.unmanaged_token == found.token:
            return ""  # told as unmanaged already, to be adopted
        if record.resource_name:
            return ""  # looks are under way that adopt it
        return f"{record.id} is COLD: nothing of it should stand"
    if found.token == record.token:
        return ""
    generation = _generation(found, record, state, epoch)
    if generation is not None:
        return f"it is generation {generation} of {record.id}, which is at generation {record.generation}"
    return f"{record.id} has the token {record.token or 'of nobody'}, and this one has {found.token or 'none'}"


def _generation(found: Tagged, record: ComponentRecord, state: State, epoch: int) -> int | None:
    plan_id = state.plan.id if state.plan else ""
    for generation in range(max(1, record.generation - GENERATIONS_KNOWN_MAX + 1), record.generation):
        if token(plan_id, record.id, generation, epoch) == found.token:
            return generation
    return None
