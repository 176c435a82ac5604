"""The provisioners' adapters: chosen by kind, asked before a start, and handed to those who only look."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from adapters.provisioners.registry import (
    KINDS,
    Surroundings,
    observer_for,
    preflight_of,
)
from adapters.redis_streams import RedisAccess
from config.plan import Plan
from config.settings import EMBEDDED, Settings
from config.settings_redis import RedisReached
from daemon.assembly.command_line import run_facts
from machines.ports.clock import Clock
from machines.ports.provisioner import Observer, Resource

Adapter = TypeVar("Adapter")

REDIS_AS_FOUND: Final = RedisReached("")
"""Nothing was said of the daemon's Redis but what its run facts say."""


PREFLIGHT_LIMIT_S = 60
"""So long the check of one kind may take."""


class Unreached(msgspec.Struct, frozen=True):
    """One thing that keeps components of a kind from being reached, and what to do about it."""

    kind: str
    components: tuple[str, ...]
    sentence: str


class AdaptersByKind(Mapping[str, Adapter]):
    """The adapters by kind, each constructed when it is first used and never before."""

    def __init__(self, construct: Callable[[str, Surroundings], Adapter], surroundings: Surroundings) -> None:
        self._construct = construct
        self._surroundings = surroundings
        self._constructed: dict[str, Adapter] = {}

    def __getitem__(self, kind: str) -> Adapter:
        if kind not in KINDS:
            raise KeyError(kind)
        if kind not in self._constructed:
            self._constructed[kind] = self._construct(kind, self._surroundings)
        return self._constructed[kind]

    @property
    def constructed(self) -> tuple[Adapter, ...]:
        """Those that were used so far."""
        return tuple(self._constructed.values())

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


async def preflight(plan: Plan, settings: Settings, clock: Clock) -> tuple[Unreached, ...]:
    """What keeps the plan's components from being reached as things stand: credentials, packages, rights; () is well.

    It looks and changes nothing, and asks each kind that the plan uses once. What is in an embedded Redis is looked
    for in that of the daemon that runs on the state directory.
    """
    surroundings = surroundings_of(settings, clock)
    facts = run_facts(settings.state_dir) if settings.redis == EMBEDDED else None
    if facts is not None:
        surroundings = msgspec.structs.replace(surroundings, redis_url=facts.redis, instance=facts.instance)
    return await preflight_in(plan, surroundings)


async def preflight_in(plan: Plan, surroundings: Surroundings) -> tuple[Unreached, ...]:
    """The same with these surroundings: those of a daemon that holds its Redis already."""
    used: dict[str, list[Resource]] = {}
    for component in plan.components.values():
        if not component.host:
            resource = Resource(plan.id, component.id, component.options, stateful=component.stateful)
            used.setdefault(component.provisioner, []).append(resource)
    found: list[Unreached] = []
    for kind, resources in used.items():
        try:
            async with asyncio.timeout(PREFLIGHT_LIMIT_S):
                sentences = await preflight_of(kind, resources, surroundings)
        except TimeoutError:
            sentences = (
                f"the check of {kind} did not end within {PREFLIGHT_LIMIT_S} s: see that its provider answers",
            )
        components = tuple(resource.component for resource in resources)
        found += [Unreached(kind, components, sentence) for sentence in sentences]
    return tuple(found)


def surroundings_of(settings: Settings, clock: Clock, redis_url: str = "") -> Surroundings:
    """What adapters find around them; `redis_url` is that of a Redis that the settings do not name."""
    chance = random.SystemRandom()
    url = redis_url or ("" if settings.redis == EMBEDDED else settings.redis)
    access = RedisAccess(settings.redis_access, os.environ)
    return Surroundings(Path(settings.state_dir), clock, chance.randrange, os.environ, url, settings.instance, access)


@asynccontextmanager
async def observers_of(
    state_dir: str, clock: Clock, reached: RedisReached = REDIS_AS_FOUND
) -> AsyncIterator[Mapping[str, Observer]]:
    """What can look at a daemon's components, with the environment of whoever asks; nothing here can change anything.

    `reached` says how the Redis of the running daemon is reached, where that takes more than its address.
    Asked for a kind that is not installed, it raises `ProvisionerUnavailableError`.
    """
    facts, chance = run_facts(state_dir), random.SystemRandom()
    surroundings = Surroundings(Path(state_dir), clock, chance.randrange, os.environ)
    if facts is not None:
        surroundings = msgspec.structs.replace(
            surroundings,
            redis_url=reached.url or facts.redis,
            redis_access=RedisAccess(reached.access, os.environ),
            instance=facts.instance,
        )
    observers = AdaptersByKind(observer_for, surroundings)
    try:
        yield observers
    finally:
        for observer in observers.constructed:
            await observer.close()
