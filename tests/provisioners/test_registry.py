"""The registry of kinds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.clocks import AcceleratedClock
from adapters.provisioners import registry
from adapters.provisioners.registry import Kind, ProvisionerUnavailableError, Surroundings
from adapters.provisioners.simulated import WORLD_NAME, WorldDamagedError
from config.extras import install_hint
from config.instants import HOUR
from config.provisioner_options.kinds import PROVISIONERS
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.provisioner import Resource, StepOrder
from tests.provisioners.file_world import ROOT


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """An empty state directory."""
    return Surroundings(tmp_path, AcceleratedClock(0, 1.0), lambda _: 0, {"PATH": os.defpath})


def test_every_kind_that_a_plan_may_name_is_there() -> None:
    """What the plan's schema accepts can be constructed, and nothing else is offered."""
    assert set(PROVISIONERS) == set(registry.KINDS)


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_a_dry_run_gets_nothing_that_can_mutate(kind: str, surroundings: Surroundings) -> None:
    """An observer takes no step and removes nothing; a provisioner of the same kind does both."""
    acts = ("take", "remove")
    observer = registry.observer_for(kind, surroundings)
    provisioner = registry.provisioner_for(kind, surroundings)

    assert [] == [act for act in acts if hasattr(observer, act)]
    assert all(hasattr(provisioner, act) for act in acts)
    assert kind == observer.kind == provisioner.kind


def test_an_unknown_kind_is_named_with_the_nearest(surroundings: Surroundings) -> None:
    """A typing error gets the kind that was meant."""
    with pytest.raises(ProvisionerUnavailableError, match=r"'comand' \(did you mean 'command'\?\)"):
        registry.provisioner_for("comand", surroundings)


def test_a_kind_without_its_packages_says_what_to_install(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with the command to type."""
    monkeypatch.setitem(registry.KINDS, "cloud", Kind("no_such_package.cloud", extra="cloud"))

    with pytest.raises(ProvisionerUnavailableError, match=re.escape(f"no_such_package: {install_hint('cloud')}")):
        registry.observer_for("cloud", surroundings)


def test_a_kind_is_imported_only_when_it_is_used() -> None:
    """Importing the registry brings no provisioner with it."""
    program = (
        "import sys, adapters.provisioners.registry as registry\n"
        "sys.exit(any(kind.module in sys.modules for kind in registry.KINDS.values()))"
    )

    assert 0 == subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode


async def test_a_restarted_daemon_finds_the_simulated_world(surroundings: Surroundings) -> None:
    """What one construction made, the next one sees."""
    resource = Resource("shop", "web")
    await registry.provisioner_for("simulated", surroundings).take(Step.WARM, StepOrder(resource, "a", 1, HOUR))

    seen = await registry.observer_for("simulated", surroundings).observe(resource)

    assert (ResourceState.WARM, ("a",)) == (seen.state, seen.tokens)


def test_a_damaged_simulated_world_is_refused(surroundings: Surroundings) -> None:
    """The message names the file and the way out."""
    path = surroundings.state_directory / WORLD_NAME
    path.write_text("{")

    with pytest.raises(WorldDamagedError, match=f"{path}.*remove the file"):
        registry.provisioner_for("simulated", surroundings)
