"""The second compose file, which solvent writes: labels on every service, and the limits that the options name."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from adapters.provisioners.compose.containers import COMPONENT_LABEL, GENERATION_LABEL, PLAN_LABEL, TOKEN_LABEL
from adapters.provisioners.compose.model import WishedService
from config.provisioner_options.compose import ComposeOptions
from machines.ports.faults import Transient
from machines.ports.provisioner import Resource, StepOrder

DIRECTORY: Final = "compose"
MIB_BYTES: Final = 1_048_576
PROCESSOR_NANO: Final = 1_000_000_000


def override_path(state_directory: Path, resource: Resource) -> Path:
    """`<state directory>/compose/<plan>.<component>.json`; JSON is YAML too."""
    return _path(state_directory, resource, "json")


def started_path(state_directory: Path, resource: Resource) -> Path:
    """The mark that the project was brought up: what stands still while it is there has crashed."""
    return _path(state_directory, resource, "started")


def override_text(order: StepOrder, options: ComposeOptions, services: Sequence[WishedService]) -> bytes:
    """The file's content."""
    labels = {
        PLAN_LABEL: order.resource.plan,
        COMPONENT_LABEL: order.resource.component,
        TOKEN_LABEL: order.token,
        GENERATION_LABEL: str(order.generation),
    }
    written = {service.name: {"labels": labels, **_limits(service, options)} for service in services}
    return msgspec.json.format(msgspec.json.encode({"services": written}), indent=2) + b"\n"


def write_override(path: Path, text: bytes) -> None:
    """Put the whole file there at once; raises `Transient` where the state directory cannot hold it."""
    new = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_bytes(text)
        new.replace(path)
    except OSError as error:
        raise Transient(f"the compose file {path} cannot be written: {error.strerror}") from error


def mark_started(path: Path) -> None:
    """Leave the mark; raises `Transient` where the state directory cannot hold it."""
    write_override(path, b"")


def unmark_started(path: Path) -> None:
    """Take the mark away before the project is stopped; raises `Transient` where that fails."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Transient(f"{path} cannot be removed: {error.strerror}") from error


def memory_bytes(options: ComposeOptions) -> int | None:
    """The limit of one container's memory."""
    return None if options.memory_limit_mib is None else options.memory_limit_mib * MIB_BYTES


def nano_cpus(options: ComposeOptions) -> int | None:
    """The limit of one container's processors, in thousand millionths of one."""
    return None if options.cpus is None else int(Decimal(options.cpus) * PROCESSOR_NANO)


def _limits(service: WishedService, options: ComposeOptions) -> dict[str, Any]:
    """Written where the file itself speaks of limits: compose refuses a project whose two places disagree."""
    bytes_max = memory_bytes(options)
    if not service.limited or (bytes_max is None and options.cpus is None):
        return {}
    plain: dict[str, Any] = {}
    deployed: dict[str, Any] = {}
    if bytes_max is not None:
        plain["mem_limit"] = deployed["memory"] = str(bytes_max)
    if options.cpus is not None:
        plain["cpus"] = deployed["cpus"] = options.cpus
    deploy = {"deploy": {"resources": {"limits": deployed}}}
    if not service.deploy_limits:
        return plain
    return {**plain, **deploy} if service.plain_limits else deploy


def _path(state_directory: Path, resource: Resource, suffix: str) -> Path:
    name = f"{quote(resource.plan, safe='')}.{quote(resource.component, safe='')}.{suffix}"
    return state_directory / DIRECTORY / name
