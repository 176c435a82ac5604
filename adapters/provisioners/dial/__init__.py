"""Dials: a number in Redis that the application reads, such as the share of requests to serve self-hosted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners import keyed
from adapters.provisioners.dial.board import RedisDialBoard
from adapters.provisioners.dial.provisioner import DialObserver, DialProvisioner
from adapters.provisioners.dial.recipe import DialRecipe
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["DialObserver", "DialProvisioner", "RedisDialBoard", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> DialObserver:
    """The half that only looks; it connects on the first look."""
    return DialObserver(surroundings.redis_url, surroundings.instance, surroundings.clock, surroundings.redis_access)


def provisioner(surroundings: Surroundings) -> DialProvisioner:
    """The whole."""
    return DialProvisioner(surroundings.redis_url, surroundings.instance, surroundings.clock, surroundings.redis_access)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps dials from being kept, a sentence each."""
    return await keyed.preflight(DialRecipe(), resources, surroundings)
