"""The instance's name, and what it sets apart."""

from __future__ import annotations

import enum
from typing import Final

DEFAULT_INSTANCE: Final = "solvent"
EMBEDDED: Final = "embedded"
RESERVED_INSTANCES: Final = (
    "payments",
    "commands",
    "events",
    "mrr",
    "replies",
    "rejected",
    "component",
    "components",
    "level",
    "revenue",
    "status",
    "owner",
    "budget",
    "dial",
)
"""Words that follow `solvent:` in the keys of the default instance; an instance of that name would collide."""


def key_prefix(instance: str) -> str:
    """What every Redis key of the instance begins with: `solvent:`, or `solvent:<instance>:` for a named one."""
    return "solvent:" if instance == DEFAULT_INSTANCE else f"solvent:{instance}:"


class Mode(enum.Enum):
    """Whether the daemon may change anything."""

    OBSERVE_ONLY = "observe_only"
    ACT = "act"
