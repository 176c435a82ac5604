"""Options of a systemd unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

MEMORY_MAX_MIB: Final = 64 * 1_024 * 1_024
CPU_QUOTA_MAX_PERCENT: Final = 100_000
CALL_LIMIT_DEFAULT_S: Final = 30
"""systemd answers in milliseconds; only a machine out of breath takes longer."""
CALL_LIMIT_MAX_S: Final = 600
_UNIT: Final = r"[A-Za-z0-9:_.\\-]{1,200}(@[A-Za-z0-9:_.\\-]{1,40})?\.(service|slice)"
_BUS: Final = r"system|user|[a-z]{1,20}:[^\x00-\x20]{1,400}"


class SystemdOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A unit whose file the operator wrote, and the limits that solvent puts on it."""

    unit: str
    """Such as `ollama.service`; a service or a slice."""
    bus: str = "system"
    """`system`, `user` (the manager of the daemon's own user), or a D-Bus address."""
    memory_max_mib: int | None = None
    """MemoryMax= of the unit; None leaves it as the unit file has it."""
    cpu_quota_percent: int | None = None
    """CPUQuota= of the unit, 100 being one processor; None leaves it as the unit file has it."""
    call_limit_s: int = CALL_LIMIT_DEFAULT_S
    """How long one answer of systemd may take; after it the outcome is ambiguous. How long the unit may take to
    start is its own TimeoutStartSec=."""


def systemd_options(options: Mapping[str, Any]) -> SystemdOptions:
    """The options of a loaded plan's `systemd` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), SystemdOptions)


def _read(fields: Fields, context: Context) -> SystemdOptions:
    del context
    unit = fields.required("unit", values.matching(_UNIT, "a service or a slice with its ending, as ollama.service"))
    return SystemdOptions(
        unit=unit or "",
        bus=fields.optional(
            "bus", values.matching(_BUS, "system, user, or a D-Bus address as unix:path=/run/dbus/socket"), "system"
        ),
        memory_max_mib=fields.optional("memory_max_mib", values.integer(1, MEMORY_MAX_MIB, "MiB"), None),
        cpu_quota_percent=fields.optional(
            "cpu_quota_percent", values.integer(1, CPU_QUOTA_MAX_PERCENT, "percent of one processor"), None
        ),
        call_limit_s=fields.optional(
            "call_limit_s", values.integer(1, CALL_LIMIT_MAX_S, "seconds"), CALL_LIMIT_DEFAULT_S
        ),
    )


KIND: Final = OptionsKind(_read, place=("bus", "unit"))
