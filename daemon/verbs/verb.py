"""What a verb is, and what it may look at."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from config.instants import Instant
from config.plan import Component, Plan
from config.suggestions import did_you_mean
from machines.commands import Command, CommandError, Judged
from machines.state.components import ComponentRecord
from machines.state.whole import State

ALWAYS = frozenset({"verb", "reason", "by"})
"""Fields that every verb takes."""


class Bench(msgspec.Struct, frozen=True):
    """What lies before a verb: the state as folded, the clock's word, and the limits of commands."""

    state: State
    now: Instant
    stamped_now: Instant
    """The present by the clock that stamps the entries' ids: the machine's, even where ours runs as of a day."""
    ttl_max_s: int
    attestation_ttl_max_s: int
    step_deadline_s: int
    read_plan: Callable[[], Plan]
    """Reads the plan's file again; raises `PlanError`."""
    fingerprint: Callable[[Plan], str]
    actor_names: Callable[[], frozenset[str]]

    @property
    def plan(self) -> Plan:
        """The plan that decides at this moment."""
        assert self.state.plan is not None, "commands are read after the plan is adopted"
        return self.state.plan

    def component(self, command: Command) -> tuple[Component, ComponentRecord]:
        """The component that the command names; raises `CommandError`."""
        name = command.required("component", "the id of a component")
        component = self.state.component(name)
        if component is None:
            known = ", ".join(self.plan.components)
            raise CommandError(f"component: no component is called {name[:64]!r}; the plan has {known}")
        return component, self.state.components.of(name)

    def level(self, command: Command, expected: str) -> int:
        """The index of the level that the command names by its number or id; raises `CommandError`."""
        name, levels = command.required("level", expected), self.plan.levels
        if name.isdecimal() and name.isascii() and int(name) < len(levels):
            return int(name)
        found = next((level.index for level in levels if level.id == name), None)
        if found is None:
            known = ", ".join(f"{level.index} ({level.id})" for level in levels)
            near = did_you_mean(name, [level.id for level in levels])
            raise CommandError(f"level: expected {expected}: {known}; found {name[:64]!r}{near}")
        return found

    def actuated(self, command: Command) -> tuple[Component, ComponentRecord]:
        """The same, refusing the machine that solvent runs on."""
        component, record = self.component(command)
        if component.host:
            raise CommandError(f"component: {component.id} is the host; it is accounted, never actuated")
        return component, record


class Verb(msgspec.Struct, frozen=True):
    """One verb: its name, the fields it takes beside `ALWAYS`, a sentence for help, and its judgement."""

    name: str
    fields: frozenset[str]
    help: str
    judge: Callable[[Command, Bench], Judged]
