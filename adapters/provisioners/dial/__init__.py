"""Dials: a number in Redis that the application reads, such as the share of requests to serve self-hosted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.dial.board import RedisDialBoard
from adapters.provisioners.dial.observing import DialObserver
from adapters.provisioners.dial.preflight import preflight
from adapters.provisioners.dial.stepping import DialProvisioner

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["DialObserver", "DialProvisioner", "RedisDialBoard", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> DialObserver:
    """The half that only looks; it connects on the first look."""
    return DialObserver(surroundings.redis_url, surroundings.instance, surroundings.clock)


def provisioner(surroundings: Surroundings) -> DialProvisioner:
    """The whole."""
    return DialProvisioner(surroundings.redis_url, surroundings.instance, surroundings.clock)
