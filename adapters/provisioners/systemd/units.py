"""One unit as systemd shows it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from adapters.provisioners.systemd.connection import SYSTEMD, Connection
from config.provisioner_options.systemd import SystemdOptions
from machines.ports.faults import Ambiguous

MIB: Final = 1_048_576
UNLIMITED: Final = 2**64 - 1
"""How systemd writes `infinity`."""
QUOTA_US_PER_PERCENT: Final = 10_000


class SeenUnit(msgspec.Struct, frozen=True):
    """The properties that decide; names as in org.freedesktop.systemd1(5)."""

    name: str
    description: str
    load_state: str
    active_state: str
    sub_state: str
    job: int
    """The number of the job at work on it; 0 for none."""
    result: str = ""
    """Why a service failed, such as `exit-code` or `oom-kill`."""
    service_type: str = ""
    remains: bool = False
    """RemainAfterExit=."""
    memory_max_bytes: int = UNLIMITED
    cpu_quota_us: int = UNLIMITED
    """Per second of wall time."""

    @property
    def serves(self) -> bool:
        """Whether it is up."""
        return self.active_state in {"active", "reloading", "refreshing"}

    @property
    def moves(self) -> bool:
        """Whether systemd is at work on it."""
        return bool(self.job) or self.active_state in {"activating", "deactivating", "maintenance"}

    @property
    def failed(self) -> bool:
        """Whether its last end was a failure."""
        return self.active_state == "failed"


async def seen_unit(connection: Connection, name: str) -> SeenUnit:
    """Look at one unit; raises the three words of the port. A unit without a file has the load state `not-found`."""
    what = f"about {name}"
    (path,) = await connection.manager(what, "LoadUnit", "s", name)
    unit = await connection.properties(what, path, f"{SYSTEMD}.Unit")
    kind = "Slice" if name.endswith(".slice") else "Service"
    own = await connection.properties(what, path, f"{SYSTEMD}.{kind}")
    return _seen(name, unit, own)


def _seen(name: str, unit: dict[str, Any], own: dict[str, Any]) -> SeenUnit:
    try:
        return msgspec.convert(
            {
                "name": name,
                "description": unit["Description"],
                "load_state": unit["LoadState"],
                "active_state": unit["ActiveState"],
                "sub_state": unit["SubState"],
                "job": unit["Job"][0],
                "result": own.get("Result", ""),
                "service_type": own.get("Type", ""),
                "remains": own.get("RemainAfterExit", False),
                "memory_max_bytes": own.get("MemoryMax", UNLIMITED),
                "cpu_quota_us": own.get("CPUQuotaPerSecUSec", UNLIMITED),
            },
            SeenUnit,
        )
    except (KeyError, IndexError, TypeError, msgspec.ValidationError) as error:
        raise Ambiguous(f"systemd's properties of {name} cannot be read: {error!r}") from error


def limits_of(options: SystemdOptions) -> dict[str, int]:
    """The wished limits by their D-Bus property; those that the plan does not name are not among them."""
    limits: dict[str, int] = {}
    if options.memory_max_mib is not None:
        limits["MemoryMax"] = options.memory_max_mib * MIB
    if options.cpu_quota_percent is not None:
        limits["CPUQuotaPerSecUSec"] = options.cpu_quota_percent * QUOTA_US_PER_PERCENT
    return limits


def differences(seen: SeenUnit, options: SystemdOptions) -> tuple[str, ...]:
    """What of the limits stands otherwise than wished, a sentence each."""
    found = []
    wished = limits_of(options)
    if wished.get("MemoryMax", seen.memory_max_bytes) != seen.memory_max_bytes:
        stands = "infinity" if seen.memory_max_bytes == UNLIMITED else f"{seen.memory_max_bytes / MIB:g} MiB"
        found.append(f"MemoryMax of {seen.name} is {stands}, not {options.memory_max_mib} MiB")
    if wished.get("CPUQuotaPerSecUSec", seen.cpu_quota_us) != seen.cpu_quota_us:
        unlimited = seen.cpu_quota_us == UNLIMITED
        stands = "infinity" if unlimited else f"{seen.cpu_quota_us / QUOTA_US_PER_PERCENT:g} %"
        found.append(f"CPUQuota of {seen.name} is {stands}, not {options.cpu_quota_percent} %")
    return tuple(found)
