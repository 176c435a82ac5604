"""Which hashes an event makes stale, so that one payment does not rewrite a hundred thousand components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from config.plan import Component
from daemon.publication.figures import revenue_figures
from daemon.publication.hashes import (
    LEVEL,
    REVENUE,
    STATUS,
    component_fields,
    component_hash_name,
    level_fields,
    revenue_fields,
    status_fields,
)
from machines import events
from machines.lifecycle_states import ComponentState
from machines.moving import wanted_states
from machines.ports.journal import JournalIdentity
from machines.state.whole import State

Hashes = dict[str, Mapping[str, str]]
_COMPONENT_BREAKER = "component:"
_PROVIDER_BREAKER = "provider:"


class Changes:
    """Stale hashes of one state. Components are remembered by id, the other three by what was last written."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stale: set[str] = set()
        self._written: dict[str, Mapping[str, str]] = {}
        self._written_for: tuple[object, ...] | None = None
        self._wanted: dict[str, ComponentState] = {}
        self._wanted_for: tuple[object, ...] | None = None

    @property
    def components_wait(self) -> bool:
        """Whether component hashes are stale."""
        return bool(self._stale)

    def forget_written(self) -> None:
        """Everything is stale: a new connection, or a server that lost its data."""
        self._written.clear()
        self._written_for = None
        self._wanted_for = None
        plan = self._state.plan
        known = (self._state.components.records, self._state.retired, self._wanted, plan.components if plan else ())
        self._stale.update(*known)

    def note(self, event: events.Event) -> None:
        """Note what an event, folded already, makes stale."""
        component_id = getattr(event, "component", None)
        if isinstance(component_id, str):
            self._stale.add(component_id)
        match event:
            case events.BreakerChanged():
                self._note_breaker(event.breaker)
            case events.PlanAdopted():
                self.forget_written()
            case (
                events.LevelDecided()
                | events.ApprovalGiven()
                | events.ApprovalEnded()
                | events.LevelHeld()
                | events.LevelHoldEnded()
            ):
                self._stale.update(each.id for each in self._components() if each.host)  # accounted by the level
            case _:
                pass

    def take(self, identity: JournalIdentity, about: Mapping[str, str], items_max: int) -> Hashes:
        """At most `items_max` stale component hashes, and those of the others that changed; {} when all is written.

        What was taken is written or, when that failed, given back by `forget_written`.
        """
        taken: Hashes = {}
        for component_id in self.take_components(items_max):
            fields = component_fields(self._state, component_id, self._wanted.get(component_id))
            taken[component_hash_name(component_id)] = fields
        rests_on = (self._state.sequence, identity, tuple(about.items()))
        if rests_on == self._written_for:
            return taken
        self._written_for = rests_on
        figures = revenue_figures(self._state)
        fresh: Hashes = {
            LEVEL: level_fields(self._state),
            REVENUE: revenue_fields(self._state, figures),
            STATUS: status_fields(self._state, identity, about, figures),
        }
        for name, fields in fresh.items():
            if self._written.get(name) != fields:
                self._written[name] = taken[name] = fields
        return taken

    def take_components(self, items_max: int) -> tuple[str, ...]:
        """At most `items_max` ids of components whose hashes are stale; they are stale no longer."""
        self._compare_targets()
        taken = tuple(self._first_stale(items_max))
        self._stale.difference_update(taken)
        return taken

    def _note_breaker(self, breaker: str) -> None:
        if breaker.startswith(_COMPONENT_BREAKER):
            self._stale.add(breaker.removeprefix(_COMPONENT_BREAKER))
        else:
            kind = breaker.removeprefix(_PROVIDER_BREAKER)
            self._stale.update(each.id for each in self._components() if each.provisioner == kind)

    def _components(self) -> Iterable[Component]:
        return self._state.plan.components.values() if self._state.plan else ()

    def _first_stale(self, items_max: int) -> Iterator[str]:
        for number, component_id in enumerate(self._stale):
            if number == items_max:
                return
            yield component_id

    def _compare_targets(self) -> None:
        """The targets are worked out anew only when something changed what they rest on."""
        state = self._state
        if state.plan is None:
            return
        deciding = state.deciding
        rests_on = (
            state.plan_fingerprint,
            deciding.sequence,
            deciding.released_level,
            state.operators.level,
            deciding.decided,
            tuple(state.operators.pins.items()),
            tuple(state.retired),
        )
        if rests_on == self._wanted_for:
            return
        before, self._wanted_for = self._wanted, rests_on
        self._wanted = wanted_states(state.plan, state)
        self._stale.update(each for each, target in self._wanted.items() if before.get(each) is not target)
