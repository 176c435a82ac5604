"""The world of the stub `docker`: one engine that is a file, one compose file for each component."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from adapters.provisioners.compose import ComposeProvisioner
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble

STUB = Path(__file__).with_name("stub_docker.py")


class ComposeWorld(ProvisionerHarness):
    """The compose provisioner over an executable `docker` that a test can tell what to do."""

    def __init__(self, directory: Path) -> None:
        """Everything lives in `directory`."""
        super().__init__()
        self.state = directory / "state"
        self.stub = directory / "stub"
        self.files = directory / "files"
        for made in (self.state, self.stub, self.files, directory / "bin"):
            made.mkdir()
        os.mkfifo(self.stub / "begun")
        self.write({"containers": {}, "volumes": {}, "made": []})
        program = directory / "bin" / "docker"
        text = STUB.read_text(encoding="utf-8").replace("@STUB@", str(self.stub))
        program.write_text(f"#!{sys.executable} -IS\n{text}", encoding="utf-8")
        program.chmod(0o755)
        self.environment = {"PATH": f"{directory / 'bin'}:{os.defpath}", "AWS_SECRET_ACCESS_KEY": "never to be seen"}

    def provisioner(self) -> ComposeProvisioner:
        """The adapter of a new process."""
        return ComposeProvisioner(self.state, self.clock, self.environment)

    def resource(self, component: str = "web") -> Resource:
        """A project of two services."""
        return self.project(component, {"app": {"image": "shop/app:1"}, "store": {"image": "postgres:16"}})

    def project(self, component: str, services: dict[str, Any], *, stateful: bool = False, **options: Any) -> Resource:
        """A component whose compose file has these services."""
        file = self.files / f"{component}.json"
        file.write_text(json.dumps({"services": services}), encoding="utf-8")
        return Resource("shop", component, {"file": str(file), **options}, stateful=stateful)

    def read(self) -> dict[str, Any]:
        """The engine's world."""
        world: dict[str, Any] = json.loads((self.stub / "engine.json").read_text(encoding="utf-8"))
        return world

    def write(self, world: dict[str, Any]) -> None:
        """Change it behind the adapter's back."""
        (self.stub / "engine.json").write_text(json.dumps(world), encoding="utf-8")

    def change(self, resource: Resource, service: str, **facts: Any) -> None:
        """Give the containers of one service other facts, such as `status` or `health`."""
        world = self.read()
        for each in world["containers"].values():
            if (each["project"], each["service"]) == (project_name(resource), service):
                each.update(facts)
        self.write(world)

    def calls(self) -> list[list[str]]:
        """Every call of `docker`: the engine's address, then the arguments."""
        path = self.stub / "calls"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def containers(self, resource: Resource) -> list[dict[str, Any]]:
        """The containers of a component's project."""
        return [each for each in self.read()["containers"].values() if each["project"] == project_name(resource)]

    def created(self, resource: Resource) -> int:
        """How often a container of its first service was made."""
        made: list[str] = self.read()["made"]
        return made.count(f"{project_name(resource)} app")

    def tokens(self, resource: Resource) -> list[str]:
        """The tokens on its containers, each once: a project is one resource."""
        return sorted({each["wished"]["labels"].get("solvent.token", "") for each in self.containers(resource)})

    def image(self) -> object:
        """The engine's world."""
        return self.read()

    def arrange(self, call: str, trouble: Trouble | str, resource: Resource) -> None:
        """The stub finds the trouble in a file and removes it."""
        word = trouble.value if isinstance(trouble, Trouble) else trouble
        (self.stub / f"trouble.{call}.{project_name(resource)}").write_text(word, encoding="utf-8")

    async def begun(self) -> None:
        """Wait for the stub to open its pipe."""
        await asyncio.to_thread((self.stub / "begun").read_text)

    def vanish(self, resource: Resource) -> None:
        """Remove the containers."""
        world = self.read()
        world["containers"] = {
            key: each for key, each in world["containers"].items() if each["project"] != project_name(resource)
        }
        self.write(world)

    def write_data(self, resource: Resource, text: str) -> None:
        """Write the project's volume."""
        world = self.read()
        world["volumes"][project_name(resource)] = text
        self.write(world)

    def data(self, resource: Resource) -> str:
        """Read it."""
        return str(self.read()["volumes"].get(project_name(resource), ""))


def project_name(resource: Resource) -> str:
    """The project that a component's options and names lead to."""
    return str(resource.options.get("project") or f"solvent-{resource.plan}-{resource.component}")
