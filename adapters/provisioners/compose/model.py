"""What the compose file wishes, as `docker compose config` resolves it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from adapters.provisioners.compose.docker import Docker
from config.provisioner_options.compose import ComposeOptions
from config.unreadable import UNREADABLE
from machines.ports.faults import Ambiguous, Permanent

_ONCE: Final = "service_completed_successfully"


class _Limits(msgspec.Struct, frozen=True):
    limits: dict[str, Any] | None = None


class _Deploy(msgspec.Struct, frozen=True):
    replicas: int | None = None
    resources: _Limits | None = None


class _Dependency(msgspec.Struct, frozen=True):
    condition: str = ""


class _Service(msgspec.Struct, frozen=True):
    """The keys that matter; a compose file has many more."""

    image: str | None = None
    scale: int | None = None
    deploy: _Deploy | None = None
    mem_limit: Any = None
    cpus: Any = None
    depends_on: dict[str, _Dependency] | None = None


class _Model(msgspec.Struct, frozen=True):
    services: dict[str, _Service] = {}


class WishedService(msgspec.Struct, frozen=True):
    """One service that the file and the options ask for."""

    name: str
    containers: int
    image: str | None
    """None where it is built."""
    once: bool
    """It runs to its end before others start: exit 0 is well."""
    deploy_limits: bool
    """The file speaks of limits under `deploy`; compose wants both places to agree."""
    plain_limits: bool
    """The file has `mem_limit` or `cpus`."""
    limited: bool
    """The options' limits are for it."""


def file_arguments(options: ComposeOptions, project: str, *more_files: str) -> tuple[str, ...]:
    """`compose` and what stands before its own verb."""
    files = [word for file in (options.file, *more_files) for word in ("--file", file)]
    profile = () if options.profile is None else ("--profile", options.profile)
    return ("compose", "--ansi", "never", "--progress", "quiet", "--project-name", project, *files, *profile)


async def wished_services(docker: Docker, options: ComposeOptions, project: str) -> tuple[WishedService, ...]:
    """The services by name. Raises as `Docker.read`; `Permanent` where the file has not the service that is named."""
    return services_from(await docker.read(*file_arguments(options, project), "config", "--format", "json"), options)


def services_from(printed: bytes, options: ComposeOptions) -> tuple[WishedService, ...]:
    """The services that `docker compose config --format json` printed."""
    try:
        services = msgspec.json.decode(printed, type=_Model).services
    except UNREADABLE as error:
        raise Ambiguous(f"docker compose config printed nothing that can be read: {error}") from error
    if not services:
        raise Permanent(f"{options.file} has no service{_with_profile(options)}: expected at least one")
    if options.service is not None and options.service not in services:
        known = ", ".join(sorted(services))
        raise Permanent(
            f"{options.file} has no service {options.service}{_with_profile(options)}: expected one of {known}"
        )
    once = {
        name
        for service in services.values()
        for name, dependency in (service.depends_on or {}).items()
        if dependency.condition == _ONCE
    }
    return tuple(
        WishedService(
            name=name,
            containers=_containers(name, service, options),
            image=service.image,
            once=name in once,
            deploy_limits=_has_deploy_limits(service),
            plain_limits=service.mem_limit is not None or service.cpus is not None,
            limited=options.service in (None, name),
        )
        for name, service in sorted(services.items())
    )


def _containers(name: str, service: _Service, options: ComposeOptions) -> int:
    if name == options.service and options.scale is not None:
        return options.scale
    if service.deploy is not None and service.deploy.replicas is not None:
        return service.deploy.replicas
    return 1 if service.scale is None else service.scale


def _has_deploy_limits(service: _Service) -> bool:
    resources = service.deploy.resources if service.deploy else None
    return resources is not None and resources.limits is not None


def _with_profile(options: ComposeOptions) -> str:
    return f" with the profile {options.profile}" if options.profile else ""
