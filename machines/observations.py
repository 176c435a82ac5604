"""What a provider shows: the words of one look at the world."""

from __future__ import annotations

import enum

import msgspec


class ResourceState(enum.Enum):
    """What stands out there."""

    ABSENT = "absent"
    WARM = "warm"
    HOT = "hot"
    CHANGING = "changing"
    """The provider is still at work; look again."""
    BROKEN = "broken"
    """Half-made or failed: it may cost money and it serves nobody."""


class Observation(msgspec.Struct, frozen=True):
    """One look at one component's resources.

    `tokens` are those found on the resources, one entry per live resource: two entries are two resources.
    `cost_micros` is the provider's own price of a month where it says one.
    """

    state: ResourceState
    tokens: tuple[str, ...] = ()
    units: int = 1
    cost_micros: int | None = None
    detail: str = ""
    differences: tuple[str, ...] = ()
    """What stands otherwise than its options wish, a sentence each; taking `activate` again puts it right."""
    foreign_writer: str = ""
    """Who else claims what solvent manages, such as an autoscaler: solvent then stops instead of fighting."""
    look_after_s: float | None = None
    """While CHANGING: before then the provider will show nothing new. At rest: something is announced for then."""
    interruptible: bool = False
    """While CHANGING: nothing keeps it from being lowered, or activated as its options wish now, such as pods that do
    not become ready. False where the provider itself is at work and refuses what comes in between."""
