"""The port of the dials: what the application measured, and the number that it reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from config.instants import Instant


class DialSetting(msgspec.Struct, frozen=True):
    """What an application reads of a dial that is switched on."""

    share_percent: int
    wished_percent: int
    """Where the dial is headed, in bounded steps."""
    reasons: str
    """Sentences, joined by `; `."""
    turned_at: Instant


class DialSeen(msgspec.Struct, frozen=True):
    """One look at a dial's key and at what the application measured."""

    token: str = ""
    """The token of the dial that is switched on; "" where none is."""
    setting: DialSetting | None = None
    """What the key shows; None where nothing was ever set."""
    accuracy: Decimal | None = None
    """From 0 to 1; None where nothing was measured, or what stands there cannot be read."""
    accuracy_age_s: int = 0
    """By the clock of the keys' own server; below 0 for one that was measured in its future."""
    unread: str = ""
    """Why a measurement that is there cannot be read."""


class DialBoard(Protocol):
    """The dials of one instance. Every method raises `machines.ports.faults.CallError`."""

    async def look(self, component: str) -> DialSeen:
        """The dial as it stands."""
        ...

    async def show(self, component: str, token: str, setting: DialSetting) -> bool:
        """Set what the application reads; False, and nothing is set, where the dial of that token is not on."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
