"""What keeps compose components from being reached."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.provisioners.compose.docker import PATH_DEFAULT, Docker
from adapters.provisioners.compose.model import wished_services
from adapters.provisioners.compose.observing import project_of, read_options
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

LIMIT_S: Final = 30.0
OLDEST: Final = (2, 20)
"""The oldest Compose that is used as it is used here: before, `--progress` was no option of every command."""
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)")


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """A sentence for each thing that is missing: the program, its plugin, an engine, a compose file."""
    if shutil.which("docker", path=surroundings.environment.get("PATH", PATH_DEFAULT)) is None:
        return ("there is no program `docker` on the daemon's PATH: install Docker's command line and its Compose",)
    if problem := await _plugin_problem(_docker(surroundings, None)):
        return (problem,)
    problems: list[str] = []
    reached: dict[str | None, bool] = {}
    for resource in resources:
        try:
            options = read_options(resource)
            docker = _docker(surroundings, options.docker_host)
            if options.docker_host not in reached:
                problem = await _engine_problem(docker, options.docker_host)
                reached[options.docker_host] = not problem
                problems += [problem] if problem else []
            await wished_services(docker, options, project_of(resource, options))
        except CallError as error:
            problems.append(f"{resource.plan}/{resource.component}: {error.reason}")
            continue
        if options.remove_volumes and resource.stateful:
            problems.append(
                f"{resource.plan}/{resource.component} is stateful, so remove_volumes is not done: take the option away"
            )
    return tuple(problems)


async def _plugin_problem(docker: Docker) -> str:
    needed = f"Compose {OLDEST[0]}.{OLDEST[1]} or newer is needed"
    try:
        printed = (await docker.read("compose", "version", "--short")).decode(errors="replace").strip()
    except CallError as error:
        return f"`docker compose` cannot be run: {needed}; {error.reason}"
    version = _VERSION.match(printed)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        return f"`docker compose` calls itself {printed or 'nothing'}: {needed}"
    return ""


async def _engine_problem(docker: Docker, host: str | None) -> str:
    try:
        await docker.read("version", "--format", "{{json .Server.Version}}")
    except CallError as error:
        where = f"at {host}" if host else "that the daemon's environment names"
        return f"the engine {where} is not reached: start it and let the daemon's user use it; {error.reason}"
    return ""


def _docker(surroundings: Surroundings, host: str | None) -> Docker:
    return Docker(surroundings.environment, host, LIMIT_S, surroundings.state_directory, surroundings.clock)
