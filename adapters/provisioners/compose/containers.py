"""What the engine says of containers, read strictly.

`docker compose ps` gives labels as one text that commas split, and commas stand in their values too; so the ids are
listed and the facts taken from `docker inspect`, in a form of our own that every engine since 1.10 can print.
"""

from __future__ import annotations

from typing import Final

import msgspec

from adapters.provisioners.compose.docker import Docker
from config.unreadable import UNREADABLE
from machines.ports.faults import Ambiguous, Permanent

PLAN_LABEL: Final = "solvent.plan"
COMPONENT_LABEL: Final = "solvent.component"
TOKEN_LABEL: Final = "solvent.token"  # noqa: S105 - the name of a label
GENERATION_LABEL: Final = "solvent.generation"
PROJECT_LABEL: Final = "com.docker.compose.project"
SERVICE_LABEL: Final = "com.docker.compose.service"
ONEOFF_LABEL: Final = "com.docker.compose.oneoff"
CONTAINERS_MAX: Final = 500

TEMPLATE: Final = (
    '{"id":{{json .Id}},"name":{{json .Name}},"status":{{json .State.Status}},"exit_code":{{json .State.ExitCode}},'
    '"health":{{with index .State "Health"}}{{json .Status}}{{else}}""{{end}},"image":{{json .Config.Image}},'
    '"labels":{{json .Config.Labels}},"memory_bytes":{{json .HostConfig.Memory}},'
    '"nano_cpus":{{json .HostConfig.NanoCpus}}}'
)
"""In the names of the engine's JSON. `index`, since a container that nothing checks has no key `Health` at all."""


class Container(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One container, running or not."""

    id: str
    name: str
    status: str
    """created, running, paused, restarting, removing, exited or dead."""
    exit_code: int
    image: str
    health: str = ""
    """starting, healthy or unhealthy; "" or none where nothing checks it."""
    labels: dict[str, str] | None = None
    memory_bytes: int = 0
    """0 is without limit."""
    nano_cpus: int = 0
    """Thousand millionths of a processor; 0 is without limit."""

    def label(self, name: str) -> str:
        """A label's value; "" where it is not there."""
        return (self.labels or {}).get(name, "")

    @property
    def service(self) -> str:
        """Which service of its compose file it runs."""
        return self.label(SERVICE_LABEL)

    @property
    def generation(self) -> int | None:
        """Which making of the component it belongs to; None where it says none."""
        text = self.label(GENERATION_LABEL)
        return int(text) if text.isascii() and text.isdigit() else None


async def containers_with(docker: Docker, label: str, value: str) -> tuple[Container, ...]:
    """All containers that carry a label, those of `docker compose run` left out.

    Raises as `Docker.read`, and `Ambiguous` for an answer that cannot be read or a container that went meanwhile.
    """
    listed = await docker.read("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={label}={value}")
    ids = listed.decode(errors="replace").split()
    if not ids:
        return ()
    if len(ids) > CONTAINERS_MAX:
        raise Ambiguous(f"{len(ids)} containers carry the label {label}={value}, more than {CONTAINERS_MAX}")
    try:
        printed = await docker.read("inspect", "--type", "container", "--format", TEMPLATE, *ids)
    except Permanent as refused:
        if "no such container" in refused.reason.lower():
            raise Ambiguous(f"a container went while it was looked at: {refused.reason}") from refused
        raise
    return tuple(each for each in containers_from(printed) if each.label(ONEOFF_LABEL).lower() != "true")


def containers_from(printed: bytes) -> tuple[Container, ...]:
    """One JSON object a line, or one array of them; raises `Ambiguous` for anything else."""
    try:
        if printed.lstrip().startswith(b"["):
            return tuple(msgspec.json.decode(printed, type=list[Container]))
        return tuple(msgspec.json.decode(line, type=Container) for line in printed.splitlines() if line.strip())
    except UNREADABLE as error:
        raise Ambiguous(f"docker inspect printed nothing that can be read: {error}") from error


def name_of(container: Container) -> str:
    """As messages call it: the engine puts a slash before it."""
    return container.name.removeprefix("/")
