"""What keeps units from being reached, found out by looking only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from adapters.provisioners.systemd.connection import Connection, address_of, connected
from adapters.provisioners.systemd.observing import read_options, unit_name
from adapters.provisioners.systemd.units import SeenUnit, seen_unit
from config.provisioner_options.systemd import CALL_LIMIT_DEFAULT_S
from machines.ports.clock import Clock
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource


async def obstacles(resources: Sequence[Resource], clock: Clock, environment: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each bus that cannot be reached and each unit that cannot be used. Never raises for systemd."""
    found: list[str] = []
    resources_of: dict[str, list[Resource]] = {}
    for resource in resources:
        try:
            resources_of.setdefault(read_options(resource).bus, []).append(resource)
        except CallError as mistaken:
            found.append(mistaken.reason)
    for bus, of_bus in resources_of.items():
        try:
            async with connected(address_of(bus, environment), clock, _limit_s) as connection:
                for resource in of_bus:
                    found += await _of_unit(connection, resource)
        except CallError as unreachable:
            found.append(unreachable.reason)
    return tuple(found)


async def _of_unit(connection: Connection, resource: Resource) -> list[str]:
    seen = await seen_unit(connection, unit_name(resource, read_options(resource)))
    name = f"{resource.plan}/{resource.component}"
    if seen.load_state == "not-found":
        return [f"{name}: there is no unit {seen.name}: write its file and run `systemctl daemon-reload`"]
    if seen.load_state != "loaded":
        return [f"{name}: the unit {seen.name} is {seen.load_state}: `systemctl status {seen.name}` says why"]
    return _never_hot(seen, name)


def _never_hot(seen: SeenUnit, name: str) -> list[str]:
    if seen.service_type == "oneshot" and not seen.remains:
        return [f"{name}: {seen.name} is a oneshot and never stays active: set RemainAfterExit=yes, or another Type="]
    return []


def _limit_s() -> float:
    return float(CALL_LIMIT_DEFAULT_S)
