"""Looking: what a unit's state and mark mean, and which units carry the mark of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

import msgspec

from adapters.provisioners.systemd.connection import SYSTEMD, Connection, address_of, connected
from adapters.provisioners.systemd.marks import Mark, mark_of
from adapters.provisioners.systemd.units import SeenUnit, differences, seen_unit
from config.provisioner_options.systemd import CALL_LIMIT_DEFAULT_S, SystemdOptions, systemd_options
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Permanent
from machines.ports.provisioner import FoundResource, Resource

LISTED_PATTERNS: Final = ["*.service", "*.slice"]


class SystemdObserver:
    """Asks systemd and tells it nothing."""

    kind = "systemd"

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        self._clock = clock
        self._environment = environment

    async def observe(self, resource: Resource) -> Observation:
        """Look at the unit. Raises `Permanent` where it carries the mark of another component."""
        options = read_options(resource)
        async with self._connected(options) as connection:
            return observation(await seen_unit(connection, unit_name(resource, options)), resource, options)

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """The units that carry the plan's mark, on the buses that known resources name.

        These units are looked at: the known ones, those in systemd's memory, and every unit that has a file.
        """
        units_of: dict[str, set[str]] = {}
        for resource in known:
            options = read_options(resource)
            units = units_of.setdefault(options.bus, set())
            with suppress(Permanent):  # a name of another bus is no unit of this one
                units.add(unit_name(resource, options))
        found: list[FoundResource] = []
        for bus, units in units_of.items():
            address = address_of(bus, self._environment)
            async with connected(address, self._clock, lambda: float(CALL_LIMIT_DEFAULT_S)) as connection:
                marks = await _marks(connection, units)
            found += [
                FoundResource(self.kind, f"{bus}/{unit}", mark.component, mark.token, mark.generation, f"unit {unit}")
                for unit, mark in sorted(marks.items())
                if mark.plan == plan
            ]
        return tuple(found)

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _connected(self, options: SystemdOptions) -> AbstractAsyncContextManager[Connection]:
        address = address_of(options.bus, self._environment)
        return connected(address, self._clock, lambda: float(options.call_limit_s))


def observation(seen: SeenUnit, resource: Resource, options: SystemdOptions) -> Observation:
    """What a unit shows of a component; raises `Permanent` where it is marked as another one's."""
    mark = mark_of(seen.description)
    state = _state(seen, mark)
    if state is ResourceState.ABSENT:
        return Observation(ResourceState.ABSENT)
    if mark and (mark.plan, mark.component) != (resource.plan, resource.component):
        raise Permanent(
            f"{seen.name} belongs to {mark.plan}/{mark.component} and not to {resource.plan}/{resource.component}: "
            "give each component a unit of its own, or decommission the other first"
        )
    return Observation(
        state,
        (mark.token if mark else "",),
        detail=_detail(seen),
        differences=() if seen.load_state != "loaded" else differences(seen, options),
    )


def _state(seen: SeenUnit, mark: Mark | None) -> ResourceState:
    if seen.moves:
        return ResourceState.CHANGING
    if seen.serves:
        return ResourceState.HOT
    if mark is None:
        # Not running and not ours: it costs nothing and belongs to nobody.
        return ResourceState.ABSENT
    return ResourceState.BROKEN if seen.failed or seen.load_state != "loaded" else ResourceState.WARM


def _detail(seen: SeenUnit) -> str:
    parts = [f"{seen.name} {seen.active_state} ({seen.sub_state})"]
    if seen.load_state != "loaded":
        parts.append(f"its file is {seen.load_state}")
    if seen.failed:
        parts.append(f"result {seen.result or 'unknown'}, see `journalctl -u {seen.name}`")
    if seen.job:
        parts.append(f"job {seen.job}")
    return ", ".join(parts)


async def _marks(connection: Connection, known: set[str]) -> dict[str, Mark]:
    """The marks of all units, by unit. An idle unit is in systemd's memory only while somebody asks for it."""
    (loaded,) = await connection.manager("for its units", "ListUnits")
    (files,) = await connection.manager("for its unit files", "ListUnitFilesByPatterns", "asas", [], LISTED_PATTERNS)
    marks = {row[0]: mark for row in loaded if (mark := mark_of(row[1]))}
    with_file = {path.rpartition("/")[2] for path, state in files if state not in {"alias", "masked", "masked-runtime"}}
    unread = (known | {name for name in with_file if "@." not in name}) - {row[0] for row in loaded}
    for name in sorted(unread):
        (path,) = await connection.manager(f"about {name}", "LoadUnit", "s", name)
        description = await connection.property(f"about {name}", path, f"{SYSTEMD}.Unit", "Description")
        if mark := mark_of(str(description)):
            marks[name] = mark
    return marks


def unit_name(resource: Resource, options: SystemdOptions) -> str:
    """The unit of the options; of an adopted resource the one that was adopted, `<bus>/<unit>` or `<unit>`.

    Raises `Permanent` for a name on another bus than that of the options.
    """
    bus, _, unit = resource.name.rpartition("/")
    if bus and bus != options.bus:
        raise Permanent(
            f"{resource.plan}/{resource.component} is to adopt {resource.name}, which is not on the bus {options.bus} "
            "of its options: mend `bus`"
        )
    return unit or options.unit


def read_options(resource: Resource) -> SystemdOptions:
    """The resource's options; raises `Permanent` for any that are not of this kind."""
    try:
        return systemd_options(resource.options)
    except msgspec.ValidationError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a systemd provisioner: {error}"
        ) from error
