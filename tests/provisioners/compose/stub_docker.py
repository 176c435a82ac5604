"""A `docker` of its own: exactly the calls that solvent makes, over an engine that is one JSON file.

Compose files are read as JSON. `STUB` names a directory: `engine.json`, `calls` (a line for each call),
`trouble.<call>.<project>` (arranged once), and the pipe `begun`. The harness writes STUB in its place below.
"""

# ruff: noqa: T201, PTH105, PTH108, PTH110, PTH123 - a program prints, and starts quicker without pathlib

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

STUB = "@STUB@"
World = dict[str, Any]
UNREACHED = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = "Error response from daemon: pull access denied for shop/web, repository does not exist"


@contextmanager
def engine() -> Iterator[World]:
    """The engine's world, one caller at a time."""
    with open(f"{STUB}/engine.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(f"{STUB}/engine.json") as file:
            world = json.load(file)
        yield world
        with open(f"{STUB}/engine.new", "w") as file:
            json.dump(world, file)
        os.replace(f"{STUB}/engine.new", f"{STUB}/engine.json")


def refuse(text: str, code: int = 1) -> NoReturn:
    """End as `docker` does."""
    print(text, file=sys.stderr)
    sys.exit(code)


def meet(call: str, project: str) -> str:
    """The trouble that was arranged for this call; "" where there is none."""
    path = f"{STUB}/trouble.{call}.{project}"
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        trouble = file.read().strip()
    os.unlink(path)
    if trouble == "transient":
        refuse(UNREACHED)
    if trouble == "permanent":
        refuse(DENIED)
    if trouble.startswith("says "):
        refuse(trouble[5:])
    if trouble == "lost_before":
        os.kill(os.getpid(), signal.SIGKILL)
    if trouble == "slow":
        with open(f"{STUB}/begun", "w") as pipe:
            pipe.write("begun")
        signal.pause()
    return trouble


def merged(files: list[str]) -> World:
    """The services of all files, later ones over earlier ones."""
    services: World = {}
    for name in files:
        if not os.path.exists(name):
            refuse(f"open {name}: no such file or directory", 14)
        with open(name) as file:
            try:
                read = json.load(file)
            except ValueError as error:
                refuse(f"yaml: {error}", 15)
        for service, keys in read["services"].items():
            services.setdefault(service, {}).update(keys)
    return {name: each for name, each in services.items() if isinstance(each, dict)}


def limits_of(service: World) -> tuple[int, int]:
    """Memory in bytes and processors in thousand millionths, from either place."""
    deployed = service.get("deploy", {}).get("resources", {}).get("limits", {})
    memory = int(service.get("mem_limit", deployed.get("memory", 0)))
    return memory, round(float(service.get("cpus", deployed.get("cpus", 0))) * 1_000_000_000)


def make(world: World, project: str, name: str, number: int, service: World) -> World:
    """A container as the service wishes it; what stands otherwise is made anew, the data staying in its volume."""
    memory, nano = limits_of(service)
    wished = {"image": service["image"], "labels": service.get("labels", {}), "memory": memory, "nano": nano}
    key = f"{project}-{name}-{number}"
    found: World | None = world["containers"].get(key)
    if found and found["wished"] == wished:
        return found
    world["made"].append(f"{project} {name}")
    made = {
        "id": f"{len(world['made']):064x}",
        "project": project,
        "service": name,
        "status": "created",
        "exit_code": 0,
        "health": "",
        "wished": wished,
        "checked": bool(service.get("healthcheck")),
    }
    world["containers"][key] = made
    world["volumes"].setdefault(project, "")
    return made


def up(world: World, project: str, services: World, scale: dict[str, int], *, start: bool, half: bool) -> None:
    """`docker compose up`: only the first service's containers where the call is cut in half."""
    for name, service in services.items():
        count = scale.get(name, service.get("scale", 1))
        for number in range(1, count + 1):
            container = make(world, project, name, number, service)
            if start:
                container["status"] = "running"
                container["health"] = "starting" if container["checked"] else ""
        for key in [
            key for key, each in world["containers"].items() if (each["project"], each["service"]) == (project, name)
        ]:
            if int(key.rpartition("-")[2]) > count:
                del world["containers"][key]
        if half:
            return


def compose(arguments: list[str]) -> None:
    """The plugin."""
    files: list[str] = []
    project = ""
    while arguments and arguments[0].startswith("--"):
        flag, value, *arguments = arguments
        if flag == "--file":
            files.append(value)
        elif flag == "--project-name":
            project = value
        elif flag not in ("--ansi", "--progress", "--profile"):
            refuse(f"unknown flag: {flag}")
    verb, *options = arguments
    if verb == "version":
        print("2.39.2")
        return
    if verb == "config":
        services = merged(files)
        meet("config", project)
        print(json.dumps({"name": project, "services": services}))
        return
    call = {("up", True): "warm", ("up", False): "activate"}.get((verb, "--no-start" in options)) or {
        "stop": "deactivate",
        "down": "decommission",
    }[verb]
    services = merged(files)
    trouble = meet(call, project)
    with engine() as world:
        if verb == "up":
            scaled = [options[at + 1].split("=") for at, option in enumerate(options) if option == "--scale"]
            scale = {name: int(count) for name, count in scaled}
            up(world, project, services, scale, start="--detach" in options, half=trouble == "half")
        for key in [key for key, each in world["containers"].items() if each["project"] == project]:
            if trouble == "crashes":
                world["containers"][key].update(status="exited", exit_code=1)
            if verb == "stop" and world["containers"][key]["status"] == "running":
                world["containers"][key].update(status="exited", exit_code=143, health="")
            if verb == "down":
                del world["containers"][key]
        if verb == "down" and "--volumes" in options:
            world["volumes"].pop(project, None)
    if trouble in ("lost_after", "half"):
        os.kill(os.getpid(), signal.SIGKILL)


def labels_of(key: str, each: World) -> World:
    """The container's labels with compose's own."""
    own = {
        "project": each["project"],
        "service": each["service"],
        "oneoff": "False",
        "container-number": key.rpartition("-")[2],
    }
    return {**{f"com.docker.compose.{name}": value for name, value in own.items()}, **each["wished"]["labels"]}


def ps(arguments: list[str]) -> None:
    """`docker ps --all --quiet --no-trunc --filter label=<name>=<value>`."""
    _, name, value = arguments[arguments.index("--filter") + 1].split("=", 2)
    meet("observe", value)
    with engine() as world:
        for key, each in world["containers"].items():
            if labels_of(key, each).get(name) == value:
                print(each["id"])


def inspect(ids: list[str]) -> None:
    """`docker inspect` with the adapter's template."""
    with engine() as world:
        by_id = {each["id"]: (key, each) for key, each in world["containers"].items()}
        for number in ids:
            if number not in by_id:
                refuse(f"Error response from daemon: No such container: {number}")
            key, each = by_id[number]
            shown = {name: each[name] for name in ("id", "status", "exit_code", "health")}
            wished = each["wished"]
            shown |= {"name": f"/{key}", "image": wished["image"], "labels": labels_of(key, each)}
            print(json.dumps({**shown, "memory_bytes": wished["memory"], "nano_cpus": wished["nano"]}))


def main(arguments: list[str]) -> None:
    """Which call it is."""
    with open(f"{STUB}/calls", "a") as file:
        print(json.dumps([os.environ.get("DOCKER_HOST", ""), *arguments]), file=file)
    match arguments:
        case ["compose", *rest]:
            compose(rest)
        case ["ps", *rest]:
            ps(rest)
        case ["inspect", "--type", "container", "--format", _, *ids]:
            inspect(ids)
        case ["version", *_]:
            meet("version", "")
            print('"28.2.2"')
        case _:
            refuse(f"docker: unknown command: docker {' '.join(arguments)}", 125)


main(sys.argv[1:])
