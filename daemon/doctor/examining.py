"""All looks, each by itself: one that fails hides no other."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from config.settings import Settings
from daemon.doctor.backups import backups
from daemon.doctor.findings import Finding, unknown
from daemon.doctor.journal import journal
from daemon.doctor.machine import clock, disk, permissions
from daemon.doctor.plan import plan
from daemon.doctor.postgres import postgres
from daemon.doctor.redis import redis
from daemon.doctor.secrets import secrets
from daemon.doctor.software import software
from machines.ports.clock import Clock

Look = Callable[[], Iterable[Finding] | Awaitable[Iterable[Finding]]]
ORDER: Final = (
    "versions",
    "daemon",
    "journal",
    "store",
    "decisions",
    "actors",
    "components",
    "approvals",
    "close",
    "sources",
    "channels",
    "redis",
    "clock",
    "disk",
    "permissions",
    "secrets",
    "plan",
    "providers",
    "backup",
)
"""What a finding is about, in the order in which they are told."""


async def examine(settings: Settings, settings_file: str | None, wall: Clock) -> list[Finding]:
    """Look at everything once. Nothing is changed, nothing raises."""
    looks: dict[str, Look] = {
        "versions": lambda: software(settings),
        "journal": lambda: journal(settings, wall),
        "store": lambda: postgres(settings, wall),
        "redis": lambda: redis(settings, wall),
        "clock": clock,
        "disk": lambda: disk(settings),
        "permissions": lambda: permissions(settings, settings_file),
        "secrets": lambda: secrets(settings, os.environ),
        "plan": lambda: plan(settings, wall),
        "backup": lambda: backups(settings, wall.wall()),
    }
    found: list[Finding] = []
    for about, look in looks.items():
        found += await _looked(about, look)
    return sorted(found, key=lambda each: ORDER.index(each.about))


async def _looked(about: str, look: Look) -> list[Finding]:
    try:
        found = look()
        return list(await found if isinstance(found, Awaitable) else found)
    except Exception as failure:  # noqa: BLE001 - a doctor that falls ill says so and goes on
        text = f"could not be looked at: {type(failure).__name__}: {failure}"
        return [unknown(about, text, "see the message; as root, or as the daemon's user, more can be seen")]
