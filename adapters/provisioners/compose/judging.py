"""What a project's containers, beside what its file wishes, amount to."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from adapters.provisioners.compose.containers import (
    COMPONENT_LABEL,
    PLAN_LABEL,
    TOKEN_LABEL,
    Container,
    name_of,
)
from adapters.provisioners.compose.model import WishedService
from adapters.provisioners.compose.override import MIB_BYTES, memory_bytes, nano_cpus
from config.provisioner_options.compose import ComposeOptions
from machines.observations import Observation, ResourceState
from machines.ports.provisioner import Resource

LOOK_AFTER_S = 1.0
_STOPPED = frozenset({"created", "exited"})
_CPU_TOLERANCE = 1_000
"""Compose reckons processors in 32-bit floats: one part in so many may differ."""


class Project(msgspec.Struct, frozen=True):
    """One look at a project that has containers."""

    resource: Resource
    options: ComposeOptions
    services: Sequence[WishedService]
    containers: Sequence[Container]
    started: bool
    """Whether solvent brought it up and has not stopped it since."""

    def of(self, service: WishedService) -> list[Container]:
        """The service's containers."""
        return [each for each in self.containers if each.service == service.name]


def observation_of(project: Project) -> Observation:
    """The look as a whole. All containers together are one resource, so there is one token."""
    state, detail = _state(project)
    mixed = len({each.label(TOKEN_LABEL) for each in project.containers}) > 1
    if mixed and state in (ResourceState.WARM, ResourceState.HOT):
        state, detail = ResourceState.BROKEN, "its containers carry different tokens: half of it was made anew"
    changing = state is ResourceState.CHANGING
    return Observation(
        state=state,
        tokens=(_token(project.containers),),
        units=_units(project),
        detail=detail,
        differences=tuple(_differences(project, state)),
        foreign_writer=_foreign(project),
        look_after_s=LOOK_AFTER_S if changing else None,
    )


def _token(containers: Sequence[Container]) -> str:
    """The newest: where making anew was cut short, the step that was at it can go on."""
    newest = max(containers, key=lambda each: (each.generation or 0, each.label(TOKEN_LABEL)))
    return newest.label(TOKEN_LABEL)


def _units(project: Project) -> int:
    counted = [each for each in project.containers if each.service == project.options.service]
    return len(counted) or 1


def _state(project: Project) -> tuple[ResourceState, str]:
    if going := [name_of(each) for each in project.containers if each.status == "removing"]:
        return ResourceState.CHANGING, f"{', '.join(going)} is being removed"
    wished = {service.name: service for service in project.services}
    known = [each for each in project.containers if each.service in wished]
    lasting = [each for each in known if not wished[each.service].once]
    if any(each.status not in _STOPPED for each in known):
        return _state_of_running(project, known, wished)
    missing = [service.name for service in project.services if service.containers and not project.of(service)]
    if missing:
        return ResourceState.BROKEN, f"half-made: no container of {', '.join(missing)}"
    crashed = [each for each in lasting if each.status == "exited"]
    if project.started and crashed:
        return ResourceState.BROKEN, f"nothing runs: {_ended(crashed[0])}"
    return ResourceState.WARM, _others(project)


def _state_of_running(
    project: Project, known: Sequence[Container], wished: dict[str, WishedService]
) -> tuple[ResourceState, str]:
    if wrong := [text for each in known if (text := _wrong(each, once=wished[each.service].once))]:
        return ResourceState.BROKEN, "; ".join(wrong)
    starting = [
        name_of(each)
        for each in known
        if each.health == "starting" or (wished[each.service].once and each.status == "running")
    ]
    if starting:
        return ResourceState.CHANGING, f"{', '.join(starting)} is starting"
    return ResourceState.HOT, _others(project)


def _wrong(container: Container, *, once: bool) -> str:
    """Why this one serves nobody while others run; "" where all is well."""
    name = name_of(container)
    match container.status:
        case "running":
            return f"{name} is unhealthy" if container.health == "unhealthy" else ""
        case "exited":
            return "" if once and container.exit_code == 0 else _ended(container)
        case "created":
            return f"{name} was not started"
        case "restarting":
            return f"{name} restarts again and again, last with exit {container.exit_code}"
        case other:
            return f"{name} is {other}"


def _ended(container: Container) -> str:
    return f"{name_of(container)} ended with exit {container.exit_code}"


def _others(project: Project) -> str:
    """Containers of the project that its file no longer knows: they are left alone until it is decommissioned."""
    wished = {service.name for service in project.services}
    others = [name_of(each) for each in project.containers if each.service not in wished]
    return f"also there, though not in the compose file: {', '.join(others)}" if others else ""


def _differences(project: Project, state: ResourceState) -> list[str]:
    if state not in (ResourceState.WARM, ResourceState.HOT):
        return []
    found = []
    for service in project.services:
        containers = project.of(service)
        if len(containers) != service.containers:
            found.append(f"{service.name} has {len(containers)} containers instead of {service.containers}")
        for container in containers:
            found += _differences_of(container, service, project.options)
    return found


def _differences_of(container: Container, service: WishedService, options: ComposeOptions) -> list[str]:
    name = name_of(container)
    found = []
    if service.image is not None and container.image != service.image:
        found.append(f"{name} runs the image {container.image} instead of {service.image}")
    if not service.limited:
        return found
    bytes_max, nano = memory_bytes(options), nano_cpus(options)
    if bytes_max is not None and container.memory_bytes != bytes_max:
        found.append(
            f"{name} may use {container.memory_bytes // MIB_BYTES or 'any number of'} MiB instead of "
            f"{options.memory_limit_mib}"
        )
    if nano is not None and abs(container.nano_cpus - nano) * _CPU_TOLERANCE > nano:
        found.append(f"{name} may use {container.nano_cpus / 1e9:g} processors (0: any) instead of {options.cpus}")
    return found


def _foreign(project: Project) -> str:
    """Another component that owns a project of this name; "" where none does."""
    mine = (project.resource.plan, project.resource.component)
    for each in project.containers:
        owner = (each.label(PLAN_LABEL), each.label(COMPONENT_LABEL))
        if owner not in {mine, ("", "")}:
            return f"the component {owner[0]}/{owner[1]} of solvent"
    return ""
