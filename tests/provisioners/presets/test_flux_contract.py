"""The Flux preset of the command provisioner does what every provisioner must do."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.provisioners.command import CommandProvisioner
from config.provisioner_options.actions import ACTIONS
from machines.observations import ResourceState
from machines.ports.provisioner import Resource
from tests.contracts.provisioner import ProvisionerContract
from tests.provisioners.file_world import ROOT, FileWorld

PRESET = ROOT / "config" / "examples" / "flux" / "flux_step.py"
STUB_FOLDER = Path(__file__).parent


class FluxWorld(FileWorld):
    """A Kustomization for each component, and the stand-in on PATH."""

    fences = False
    """The preset compares no number: docs/provisioners/presets.md."""

    def provisioner(self) -> CommandProvisioner:
        """The adapter of a new process; the stand-in finds its world by HOME."""
        path = os.pathsep.join((str(STUB_FOLDER), str(Path(sys.executable).parent), os.defpath))
        return CommandProvisioner(self.state, self.clock, {"PATH": path, "HOME": str(self.root.parent)})

    def resource(self, component: str = "web") -> Resource:
        """A Kustomization of its own."""
        (self.root / component).mkdir(exist_ok=True)
        options = [sys.executable, "-S", "-E", str(PRESET), "--source", "fleet", "--path", "./apps/web"]
        scripts = {action: [*options, action] for action in ACTIONS}
        return Resource("shop", component, {**scripts, "target": component})

    def kustomization(self, component: str) -> dict[str, Any] | None:
        """What the API server holds."""
        path = self.root / component / "kustomization.json"
        return json.loads(path.read_text()) if path.exists() else None

    def change(self, component: str, **spec: Any) -> None:
        """Somebody edits it."""
        held = self.kustomization(component)
        assert held is not None
        held["spec"].update(spec)
        (self.root / component / "kustomization.json").write_text(json.dumps(held))

    def created(self, resource: Resource) -> int:
        """The stand-in counts."""
        path = self.root / resource.component / "made"
        return int(path.read_text()) if path.exists() else 0

    def tokens(self, resource: Resource) -> list[str]:
        """That of the annotation."""
        held = self.kustomization(resource.component)
        return [held["metadata"]["annotations"]["solvent/token"]] if held else []

    def image(self) -> object:
        """Every Kustomization and how often each was made."""
        return {str(path): path.read_text() for path in sorted(self.root.rglob("*")) if path.is_file()}

    def vanish(self, resource: Resource) -> None:
        """Somebody deletes it."""
        (self.root / resource.component / "kustomization.json").unlink()

    def write_data(self, resource: Resource, text: str) -> None:
        """Beside it."""
        held = self.kustomization(resource.component)
        path = self.root / resource.component / "kustomization.json"
        path.write_text(json.dumps({**(held or {}), "data": text}))

    def data(self, resource: Resource) -> str:
        """From beside it."""
        held = self.kustomization(resource.component)
        return str(held["data"]) if held else ""


@pytest.fixture
def world(tmp_path: Path) -> FluxWorld:
    """A world of its own for each test."""
    return FluxWorld(tmp_path)


class TestFluxContract(ProvisionerContract):
    """The shipped script, a stand-in for kubectl, real processes."""

    @pytest.fixture
    def harness(self, world: FluxWorld) -> FluxWorld:
        """A world of its own for each test."""
        return world


async def test_a_suspended_kustomization_is_contested(world: FluxWorld) -> None:
    """Somebody who suspends what solvent switches is named as a foreign writer."""
    resource = world.resource()
    await world.walk(resource, "warm", "activate")
    world.change("web", suspend=True)

    assert "flux resume" in (await world.provisioner().observe(resource)).foreign_writer


async def test_a_path_of_neither_state_is_broken(world: FluxWorld) -> None:
    """A Kustomization that was pointed elsewhere is neither warm nor hot."""
    resource = world.resource()
    await world.walk(resource, "warm")
    world.change("web", path="./apps/other")

    seen = await world.provisioner().observe(resource)

    assert seen.state is ResourceState.BROKEN
    assert "./apps/other, expected ./apps/web/warm or ./apps/web/hot" in seen.detail
