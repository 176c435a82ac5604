"""Looking: what `observe` prints, and the environment that every script gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from adapters.component_lock import ComponentLock, lock_path
from adapters.processes.running import Answer, Script, run
from adapters.processes.trusted import require_trusted
from config.instants import SECOND, Instant, instant_text
from config.money import MoneyError, micros_from_text
from config.provisioner_options.command import CommandOptions, command_options
from config.unreadable import UNREADABLE
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.provisioner import FoundResource, Resource, StepOrder

INHERITED_VARIABLES: Final = ("HOME", "LANG", "PATH")
"""All that a script sees of the daemon's environment: no secret of the daemon's is among them."""
PATH_DEFAULT: Final = "/usr/local/bin:/usr/bin:/bin"
TOKENS_ITEMS_MAX: Final = 1_000
DETAIL_CHARACTERS_MAX: Final = 2_000
DIFFERENCES_ITEMS_MAX: Final = 100


class _Printed(msgspec.Struct, forbid_unknown_fields=True):
    """The one JSON object that `observe` prints."""

    state: str
    tokens: list[str] = []
    units: int = 1
    cost: str | None = None
    detail: str = ""
    differences: list[str] = []
    foreign_writer: str = ""


class CommandObserver:
    """Runs `observe` and nothing else."""

    kind = "command"

    def __init__(self, state_directory: Path, clock: Clock, environment: Mapping[str, str]) -> None:
        self._state_directory = state_directory
        self._clock = clock
        self._environment = environment

    async def observe(self, resource: Resource) -> Observation:
        """Look, after any script that still works on the component has ended.

        Raises `Ambiguous` when one still runs after the component's time limit, and for an answer that cannot be
        read: what is unreadable is unknown, not absent.
        """
        options = read_options(resource)
        path = lock_path(self._state_directory, resource)
        lock = await ComponentLock.acquire(path, exclusive=False, wait_s=options.time_limit_s, clock=self._clock)
        try:
            return await self._look(resource, options, options.time_limit_s)
        finally:
            lock.close(answered=True)

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """Nothing: scripts know their own target only."""
        del plan, known
        return ()

    async def close(self) -> None:
        """Nothing is held between calls."""

    async def _look(
        self, resource: Resource, options: CommandOptions, limit_s: float, order: StepOrder | None = None
    ) -> Observation:
        """Run `observe`; whoever calls this holds the component's lock."""
        variables = self._variables("observe", resource, options, limit_s, order)
        require_trusted(options.observe, variables, options.working_directory)
        script = Script(options.observe, variables, options.working_directory, limit_s)
        return observation_from(await run(script, self._state_directory, self._clock, _unnoted), script.name)

    def _variables(
        self, step: str, resource: Resource, options: CommandOptions, limit_s: float, order: StepOrder | None
    ) -> dict[str, str]:
        kept = {name: self._environment[name] for name in INHERITED_VARIABLES if name in self._environment}
        ends_at: Instant = self._clock.wall() + round(limit_s * SECOND)
        return {
            "PATH": PATH_DEFAULT,
            **kept,
            "SOLVENT_STEP": step,
            "SOLVENT_PLAN": resource.plan,
            "SOLVENT_COMPONENT": resource.component,
            "SOLVENT_TARGET": options.target,
            "SOLVENT_RESOURCE": resource.name,
            "SOLVENT_TOKEN": order.token if order else "",
            "SOLVENT_GENERATION": str(order.generation) if order else "",
            "SOLVENT_FENCING": str(order.fencing) if order and order.fencing else "",
            "SOLVENT_DEADLINE": instant_text(ends_at),
        }


def read_options(resource: Resource) -> CommandOptions:
    """The component's options; raises `Permanent` where they are not those of a `command` component."""
    try:
        return command_options({"target": resource.component, **resource.options})
    except msgspec.ValidationError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a command provisioner: {error}"
        ) from error


def observation_from(answer: Answer, name: str) -> Observation:
    """What `observe` printed, read strictly; raises `Ambiguous` for anything but the object that is expected."""
    if answer.printed is None:
        raise Ambiguous(f"{name} printed more than an observation may have")
    try:
        printed = msgspec.json.decode(answer.printed, type=_Printed)
        state = ResourceState(printed.state.lower())
        cost_micros = None if printed.cost is None else micros_from_text(printed.cost)
    except (*UNREADABLE, MoneyError, ValueError) as error:
        raise Ambiguous(f"{name} printed no observation that can be read: {error}; {_EXPECTED}") from error
    if printed.units < 0 or (cost_micros or 0) < 0 or len(printed.tokens) > TOKENS_ITEMS_MAX:
        raise Ambiguous(f"{name} printed figures that cannot be: {_EXPECTED}")
    if state is ResourceState.ABSENT and printed.tokens:
        raise Ambiguous(f"{name} says that nothing is there and names {len(printed.tokens)} tokens: {_EXPECTED}")
    detail = printed.detail[:DETAIL_CHARACTERS_MAX]
    return Observation(
        state=state,
        tokens=tuple(printed.tokens),
        units=printed.units,
        cost_micros=cost_micros,
        detail=detail,
        differences=tuple(each[:DETAIL_CHARACTERS_MAX] for each in printed.differences[:DIFFERENCES_ITEMS_MAX]),
        foreign_writer=printed.foreign_writer[:DETAIL_CHARACTERS_MAX],
    )


_EXPECTED: Final = (
    'expected one object such as {"state": "warm", "tokens": ["<token>"], "units": 1, "cost": "12.50"}, '
    "state one of absent, warm, hot, changing, broken"
)


def _unnoted(process_id: int) -> None:
    """A look holds no lock of its own that could name it."""
