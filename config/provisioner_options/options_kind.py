"""What a file of this folder states about its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from config.reading import Fields


class Context(msgspec.Struct, frozen=True):
    """Where options are read from, beside their own keys."""

    component_id: str
    folder: Path | None = None
    """The plan file's own folder, against which relative paths stand; None for a plan that came from no file."""


def no_provider(options: Any) -> str:
    """The kind itself is the one failure domain."""
    del options
    return ""


def no_cost(options: Any) -> int | None:
    """Options that say nothing of money."""
    del options
    return None


class OptionsKind(msgspec.Struct, frozen=True):
    """How a kind's options are read. Problems go to the collector of the fields."""

    read: Callable[[Fields, Context], msgspec.Struct]
    provider: Callable[[Any], str] = no_provider
    """The failure domain that these options name, such as an account and region, for the provider's breaker and
    metrics; "" where the kind itself is the domain."""
    place: tuple[str, ...] = ()
    """The keys that say where the resource stands: with another value it would be another resource."""
    cost_micros: Callable[[Any], int | None] = no_cost
    """What the options themselves allow to be spent in a month; None where they say nothing of money."""
