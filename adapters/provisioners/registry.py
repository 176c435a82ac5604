"""The kinds of provisioner. A new one is a module and a line here: docs/provisioners/adding-a-kind.md shows how."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, cast

import msgspec

from adapters.redis_streams.access import ANONYMOUS, RedisAccess
from config.extras import install_hint
from config.settings import DEFAULT_INSTANCE
from config.suggestions import did_you_mean, one_of_text
from machines.ports.clock import Clock
from machines.ports.provisioner import Observer, Provisioner, Resource


class Surroundings(msgspec.Struct, frozen=True):
    """What an adapter is constructed with."""

    state_directory: Path
    clock: Clock
    chance: Callable[[int], int]
    """A whole number from 0 up to, not including, its argument; seeded where a run must repeat."""
    environment: Mapping[str, str]
    """The daemon's own environment; an adapter takes from it only what it names."""
    redis_url: str = ""
    """The daemon's own Redis, for what is published to the application; "" where none is reached."""
    instance: str = DEFAULT_INSTANCE
    """Sets daemons on one Redis apart: `config.settings.key_prefix` makes the prefix of every key of it."""
    redis_access: RedisAccess = ANONYMOUS
    """How a client makes itself known to that Redis."""


class Kind(msgspec.Struct, frozen=True):
    """Where a kind lives. The module has `observer(surroundings)` and `provisioner(surroundings)`.

    It may have `preflight(resources, surroundings)`: what keeps those resources from being reached, a sentence each.
    """

    module: str
    extra: str = ""
    """The optional extra that brings its packages, such as `aws`."""


KINDS: Final[dict[str, Kind]] = {
    "simulated": Kind("adapters.provisioners.simulated"),
    "command": Kind("adapters.provisioners.command"),
    "compose": Kind("adapters.provisioners.compose"),
    "aws_ecr": Kind("adapters.provisioners.aws.ecr", "aws"),
    "aws_cloudfront": Kind("adapters.provisioners.aws.cloudfront", "aws"),
    "aws_waf": Kind("adapters.provisioners.aws.waf", "aws"),
    "aws_ec2": Kind("adapters.provisioners.aws.ec2", "aws"),
    "aws_load_balancer": Kind("adapters.provisioners.aws.load_balancer", "aws"),
    "aws_eks_cluster": Kind("adapters.provisioners.aws.eks_cluster", "aws"),
    "aws_eks_node_group": Kind("adapters.provisioners.aws.eks_node_group", "aws"),
    "aws_elasticache": Kind("adapters.provisioners.aws.elasticache", "aws"),
    "aws_rds": Kind("adapters.provisioners.aws.rds", "aws"),
    "budget": Kind("adapters.provisioners.budget"),
    "dial": Kind("adapters.provisioners.dial"),
    "kubernetes": Kind("adapters.provisioners.kubernetes", extra="kubernetes"),
    "systemd": Kind("adapters.provisioners.systemd", extra="systemd"),
    "mqtt": Kind("adapters.provisioners.mqtt", "mqtt"),
}


class ProvisionerUnavailableError(Exception):
    """A kind that does not exist, or whose packages are not installed; the message says what to do."""


Preflight = Callable[[Sequence[Resource], Surroundings], Awaitable[tuple[str, ...]]]


class _Module(Protocol):
    def observer(self, surroundings: Surroundings) -> Observer: ...
    def provisioner(self, surroundings: Surroundings) -> Provisioner: ...


def observer_for(kind: str, surroundings: Surroundings) -> Observer:
    """An object that can only look: all that a dry run constructs. Raises `ProvisionerUnavailableError`."""
    return _module(kind).observer(surroundings)


def provisioner_for(kind: str, surroundings: Surroundings) -> Provisioner:
    """An object that can change the world. Raises `ProvisionerUnavailableError`."""
    return _module(kind).provisioner(surroundings)


async def preflight_of(kind: str, resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What would keep these resources of one kind from being reached, a sentence each saying what to do.

    It looks and changes nothing; () where all is well, or where the kind needs nothing. Never raises: what a check of
    ours fails on is a sentence too, so that it hides no other kind's.
    """
    try:
        module = _module(kind)
    except ProvisionerUnavailableError as unavailable:
        return (str(unavailable),)
    preflight: Preflight | None = getattr(module, "preflight", None)
    if preflight is None:
        return ()
    try:
        return await preflight(resources, surroundings)
    except Exception as defect:  # noqa: BLE001 - a defect of one kind's check, of which the others know nothing
        cause = f"{type(defect).__name__}: {defect}"
        return (f"the check of {kind} failed itself ({cause}): what it looks at is unknown; report it as a defect",)


def _module(kind: str) -> _Module:
    """Imported on first use, so that an idle daemon carries no SDK it does not need (ARCHITECTURE 2)."""
    if kind not in KINDS:
        raise ProvisionerUnavailableError(
            f"there is no provisioner {kind!r}{did_you_mean(kind, KINDS)}: expected {one_of_text(KINDS)}"
        )
    try:
        module = importlib.import_module(KINDS[kind].module)
    except ModuleNotFoundError as missing:
        extra = KINDS[kind].extra
        if not extra:
            raise
        raise ProvisionerUnavailableError(
            f"the provisioner {kind!r} needs the package {missing.name}: {install_hint(extra)}"
        ) from missing
    return cast("_Module", module)
