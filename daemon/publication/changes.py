"""Which hashes an event makes stale, so that one payment does not rewrite a hundred thousand components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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


class Changes:
    """Stale hashes of one state. Components are remembered by id, the other three by what was last written."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stale: set[str] = set()
        self._written: dict[str, Mapping[str, str]] = {}
        self._wanted: dict[str, ComponentState] = {}
        self._wanted_for: tuple[object, ...] | None = None

    def forget_written(self) -> None:
        """Everything is stale: a new connection, or a server that lost its data."""
        self._written.clear()
        self._wanted_for = None
        plan = self._state.plan
        self._stale.update(self._state.components.records, self._state.retired, plan.components if plan else ())

    def note(self, event: events.Event) -> None:
        """Note what an event, folded already, makes stale."""
        component_id = getattr(event, "component", None)
        if isinstance(component_id, str):
            self._stale.add(component_id)
        match event:
            case events.BreakerChanged() if event.breaker.startswith(_COMPONENT_BREAKER):
                self._stale.add(event.breaker.removeprefix(_COMPONENT_BREAKER))
            case events.PlanAdopted():
                self.forget_written()
            case events.LevelDecided() | events.ApprovalGiven() | events.ApprovalEnded():
                plan = self._state.plan  # the hosts are accounted by the released level
                self._stale.update(each.id for each in plan.components.values() if each.host) if plan else None
            case _:
                pass

    def take(self, identity: JournalIdentity, about: Mapping[str, str], items_max: int) -> Hashes:
        """At most `items_max` stale component hashes, and those of the others that changed; {} when all is written.

        What was taken is written or, when that failed, given back by `forget_written`.
        """
        self._compare_targets()
        taken: Hashes = {}
        for component_id in tuple(self._first_stale(items_max)):
            self._stale.discard(component_id)
            fields = component_fields(self._state, component_id, self._wanted.get(component_id))
            taken[component_hash_name(component_id)] = fields
        fresh: Hashes = {
            LEVEL: level_fields(self._state),
            REVENUE: revenue_fields(self._state),
            STATUS: status_fields(self._state, identity, about),
        }
        for name, fields in fresh.items():
            if self._written.get(name) != fields:
                self._written[name] = taken[name] = fields
        return taken

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
            deciding.decided,
            tuple(state.operators.pins.items()),
            tuple(state.retired),
        )
        if rests_on == self._wanted_for:
            return
        before, self._wanted_for = self._wanted, rests_on
        self._wanted = wanted_states(state.plan, state)
        self._stale.update(each for each, target in self._wanted.items() if before.get(each) is not target)
