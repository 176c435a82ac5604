"""The Ansible preset of the command provisioner does what every provisioner must do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.provisioners.command import CommandProvisioner
from config.provisioner_options.actions import ACTIONS
from machines.lifecycle_states import Step
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource
from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.file_world import ROOT, FileWorld

PRESET = ROOT / "config" / "examples" / "ansible" / "ansible_step.py"
STUB_FOLDER = Path(__file__).parent


class AnsibleWorld(FileWorld):
    """A folder of playbooks for each component, and the stand-in on PATH."""

    fences = False
    """The preset compares no number: docs/provisioners/presets.md."""

    def provisioner(self) -> CommandProvisioner:
        """The adapter of a new process."""
        path = os.pathsep.join((str(STUB_FOLDER), str(Path(sys.executable).parent), os.defpath))
        return CommandProvisioner(self.state, self.clock, {"PATH": path})

    def resource(self, component: str = "web", *options: str) -> Resource:
        """A folder of its own."""
        folder = self.root / component
        folder.mkdir(exist_ok=True)
        scripts = {action: [sys.executable, "-S", "-E", str(PRESET), *options, action] for action in ACTIONS}
        return Resource("shop", component, {**scripts, "target": str(folder)})

    def host(self, component: str) -> dict[str, Any]:
        """The one host behind the component."""
        path = self.root / component / "host.json"
        empty: dict[str, Any] = {"mark": None, "made": 0, "changed": False}
        return json.loads(path.read_text()) if path.exists() else empty

    def change_host(self, component: str, **changes: Any) -> None:
        """Somebody logs in and changes it."""
        (self.root / component / "host.json").write_text(json.dumps({**self.host(component), **changes}))

    def created(self, resource: Resource) -> int:
        """The stand-in counts."""
        made: int = self.host(resource.component)["made"]
        return made

    def tokens(self, resource: Resource) -> list[str]:
        """That of the mark."""
        mark = self.host(resource.component)["mark"]
        return [mark["token"]] if mark else []

    def image(self) -> object:
        """Every host that was ever touched."""
        hosts = {path.name: self.host(path.name) for path in sorted(self.root.iterdir())}
        return {name: host for name, host in hosts.items() if host["made"]}

    def vanish(self, resource: Resource) -> None:
        """The host is made anew."""
        self.change_host(resource.component, mark=None)

    def write_data(self, resource: Resource, text: str) -> None:
        """On the host."""
        self.change_host(resource.component, mark={**self.host(resource.component)["mark"], "data": text})

    def data(self, resource: Resource) -> str:
        """From the host."""
        text: str = self.host(resource.component)["mark"]["data"]
        return text


@pytest.fixture
def world(tmp_path: Path) -> AnsibleWorld:
    """A world of its own for each test."""
    return AnsibleWorld(tmp_path)


class TestAnsibleContract(ProvisionerContract):
    """The shipped script, a stand-in for ansible-playbook, real processes."""

    @pytest.fixture
    def harness(self, world: AnsibleWorld) -> AnsibleWorld:
        """A world of its own for each test."""
        return world


async def test_what_a_check_run_would_change_differs(world: AnsibleWorld) -> None:
    """A host changed by hand is a difference, and activating again puts it right."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    world.change_host("web", changed=True)

    seen = await world.provisioner().observe(resource)
    await world.walk(resource, "activate")

    assert seen.differences == ("web1: 3 tasks would change",)
    assert (await world.provisioner().observe(resource)).differences == ()


async def test_a_run_that_would_do_too_much_is_not_begun(world: AnsibleWorld) -> None:
    """More changes than allowed are refused after the check run, with the numbers and the option to raise."""
    resource = world.resource("web", "--changes-max", "2")

    with pytest.raises(Permanent, match=r"changes 3 tasks \(at most 2\).*--changes-max"):
        await world.provisioner().take(Step.WARM, world.order(resource))

    assert world.created(resource) == 0
