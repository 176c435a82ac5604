"""Looking: the project's containers, and only where there are some its file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from adapters.component_lock import ComponentLock, lock_path
from adapters.provisioners.compose.containers import (
    COMPONENT_LABEL,
    PLAN_LABEL,
    PROJECT_LABEL,
    TOKEN_LABEL,
    Container,
    containers_with,
    name_of,
)
from adapters.provisioners.compose.docker import Docker
from adapters.provisioners.compose.judging import Project, observation_of
from adapters.provisioners.compose.model import wished_services
from adapters.provisioners.compose.override import started_path
from config.provisioner_options.compose import ComposeOptions, compose_options
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Permanent
from machines.ports.provisioner import FoundResource, Resource

DEFAULT_ENGINE: Final = "docker"
"""What names of found resources call the engine that the daemon's environment names."""
LIST_LIMIT_S: Final = 60.0
_PROJECT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_DIGEST_CHARACTERS: Final = 12
_SPELT_CHARACTERS_MAX: Final = 40


class ComposeObserver:
    """Runs `docker ps`, `docker inspect` and `docker compose config`, and nothing else."""

    kind = "compose"

    def __init__(self, state_directory: Path, clock: Clock, environment: Mapping[str, str]) -> None:
        self._state_directory = state_directory
        self._clock = clock
        self._environment = environment

    async def observe(self, resource: Resource) -> Observation:
        """Look, after any call that still works on the component has ended.

        Raises `Ambiguous` when one still runs after the component's time limit, and for an answer that cannot be
        read; `Permanent` where containers stand and the compose file cannot be read.
        """
        options = read_options(resource)
        path = lock_path(self._state_directory, resource)
        lock = await ComponentLock.acquire(path, exclusive=False, wait_s=options.time_limit_s, clock=self._clock)
        try:
            return await self._look(resource, options, self._docker(options))
        finally:
            lock.close(answered=True)

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """The projects that carry the plan's label, on the engines that `known` names."""
        hosts = dict.fromkeys(read_options(resource).docker_host for resource in known)
        found: list[FoundResource] = []
        for host in hosts:
            docker = Docker(self._environment, host, LIST_LIMIT_S, self._state_directory, self._clock)
            containers = await containers_with(docker, PLAN_LABEL, plan)
            for project in dict.fromkeys(each.label(PROJECT_LABEL) for each in containers):
                of_project = [each for each in containers if each.label(PROJECT_LABEL) == project]
                found += _found(f"{host or DEFAULT_ENGINE}/{project}", of_project)
        return tuple(found)

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _docker(self, options: ComposeOptions) -> Docker:
        return Docker(self._environment, options.docker_host, options.time_limit_s, self._state_directory, self._clock)

    async def _look(self, resource: Resource, options: ComposeOptions, docker: Docker) -> Observation:
        """One look; whoever calls this holds the component's lock."""
        project = project_of(resource, options)
        containers = await containers_with(docker, PROJECT_LABEL, project)
        if not containers:
            return Observation(ResourceState.ABSENT)
        services = await wished_services(docker, options, project)
        started = started_path(self._state_directory, resource).exists()
        return observation_of(Project(resource, options, services, containers, started))


def read_options(resource: Resource) -> ComposeOptions:
    """The component's options; raises `Permanent` where they are not those of a `compose` component."""
    try:
        return compose_options(resource.options)
    except msgspec.ValidationError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a compose provisioner: {error}"
        ) from error


def project_of(resource: Resource, options: ComposeOptions) -> str:
    """The project's name: the adopted one, the one of the options, or `solvent-<plan>-<component>`.

    Raises `Permanent` for an adopted name, `<project>` or `<engine>/<project>`, that the options do not lead to.
    """
    if resource.name:
        return _adopted(resource, options)
    if options.project:
        return options.project
    name = f"solvent-{resource.plan}-{resource.component}"
    if _PROJECT.fullmatch(name):
        return name
    # Too long for a project: cut, and told apart by a digest of the whole.
    spelt = re.sub(r"[^a-z0-9_-]", "_", name.lower())[:_SPELT_CHARACTERS_MAX]
    return f"{spelt}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS]}"


def _adopted(resource: Resource, options: ComposeOptions) -> str:
    engine, _, project = resource.name.rpartition("/")
    of_options = options.docker_host or DEFAULT_ENGINE
    where = f"{resource.plan}/{resource.component} is to adopt {resource.name}"
    if engine and engine != of_options:
        raise Permanent(f"{where}, which is not on the engine {of_options} of its options: mend `docker_host`")
    if not _PROJECT.fullmatch(project):
        raise Permanent(f"{where}, which is no project of Compose: expected a name such as shop-web, a-z, 0-9, _ and -")
    return project


def _found(name: str, containers: Sequence[Container]) -> list[FoundResource]:
    """One for each token that the project's containers carry."""
    found = {}
    for each in containers:
        token = each.label(TOKEN_LABEL)
        names = ", ".join(name_of(other) for other in containers if other.label(TOKEN_LABEL) == token)
        found[token] = FoundResource(
            ComposeObserver.kind, name, each.label(COMPONENT_LABEL), token, each.generation, f"containers {names}"
        )
    return list(found.values())
