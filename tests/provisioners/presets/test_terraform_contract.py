"""The Terraform preset of the command provisioner does what every provisioner must do."""

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
from machines.ports.faults import Permanent, Transient
from machines.ports.provisioner import Resource
from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.file_world import ROOT, FileWorld

PRESET = ROOT / "config" / "examples" / "terraform" / "terraform_step.py"
STUB_FOLDER = Path(__file__).parent


class TerraformWorld(FileWorld):
    """A module's folder for each component, and the stand-in on PATH."""

    fences = False
    """The preset compares no number: docs/provisioners/presets.md."""

    def provisioner(self) -> CommandProvisioner:
        """The adapter of a new process."""
        path = os.pathsep.join((str(STUB_FOLDER), str(Path(sys.executable).parent), os.defpath))
        return CommandProvisioner(self.state, self.clock, {"PATH": path})

    def resource(self, component: str = "web", *options: str) -> Resource:
        """A module of its own."""
        folder = self.root / component
        folder.mkdir(exist_ok=True)
        scripts = {action: [sys.executable, "-S", "-E", str(PRESET), *options, action] for action in ACTIONS}
        return Resource("shop", component, {**scripts, "target": str(folder)})

    def terraform_state(self, component: str) -> dict[str, Any]:
        """What the stand-in keeps."""
        path = self.root / component / "terraform.tfstate"
        empty: dict[str, Any] = {"outputs": {}, "resources": {}, "made": 0}
        return json.loads(path.read_text()) if path.exists() else empty

    def change_state(self, component: str, **changes: Any) -> None:
        """Somebody changes what stands, behind terraform's back."""
        path = self.root / component / "terraform.tfstate"
        path.write_text(json.dumps({**self.terraform_state(component), **changes}))

    def created(self, resource: Resource) -> int:
        """The stand-in counts."""
        made: int = self.terraform_state(resource.component)["made"]
        return made

    def tokens(self, resource: Resource) -> list[str]:
        """That of the outputs, or of the apply that was cut short."""
        state = self.terraform_state(resource.component)
        if not state["resources"]:
            return []
        intent = self.root / resource.component / ".solvent-intent"
        cold = state["outputs"].get("solvent_state", "cold") == "cold"
        return [intent.read_text() if cold else state["outputs"]["solvent_token"]]

    def image(self) -> object:
        """The resources and outputs of every module; a command's own traces are none of them."""
        states = {path.name: self.terraform_state(path.name) for path in sorted(self.root.iterdir())}
        return {name: state for name, state in states.items() if state["made"]}

    def vanish(self, resource: Resource) -> None:
        """The resource goes, the recorded outputs stay."""
        self.change_state(resource.component, resources={})

    def write_data(self, resource: Resource, text: str) -> None:
        """On the one resource."""
        server = self.terraform_state(resource.component)["resources"]["server"]
        self.change_state(resource.component, resources={"server": {**server, "data": text}})

    def data(self, resource: Resource) -> str:
        """Of the one resource."""
        text: str = self.terraform_state(resource.component)["resources"]["server"]["data"]
        return text


@pytest.fixture
def world(tmp_path: Path) -> TerraformWorld:
    """A world of its own for each test."""
    return TerraformWorld(tmp_path)


class TestTerraformContract(ProvisionerContract):
    """The shipped script, a stand-in for terraform, real processes."""

    @pytest.fixture
    def harness(self, world: TerraformWorld) -> TerraformWorld:
        """A world of its own for each test."""
        return world


async def test_what_terraform_would_change_differs(world: TerraformWorld) -> None:
    """A resource changed behind terraform's back is a difference, and activating again puts it right."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    world.change_state("web", resources={"server": {"size": 7}})

    seen = await world.provisioner().observe(resource)
    await world.walk(resource, "activate")

    assert seen.differences == ("server: update",)
    assert (await world.provisioner().observe(resource)).differences == ()


async def test_a_plan_that_does_too_much_is_not_applied(world: TerraformWorld) -> None:
    """More changes than allowed are refused before the apply, with the numbers and the option to raise."""
    resource = world.resource("web", "--changes-max", "0")

    with pytest.raises(Permanent, match=r"changes 1 resources \(at most 0\).*--changes-max"):
        await world.provisioner().take(Step.WARM, world.order(resource))

    assert world.created(resource) == 0


async def test_a_held_lock_is_waited_for(world: TerraformWorld) -> None:
    """Somebody else's state lock is transient: nothing was changed."""
    resource = world.resource()
    world.arrange("warm", "transient", resource)

    with pytest.raises(Transient, match="state lock"):
        await world.provisioner().take(Step.WARM, world.order(resource))
