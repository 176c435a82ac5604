"""The world of the example scripts: directories under one root, with troubles arranged by a wrapper script."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from adapters.provisioners.command import CommandProvisioner
from config.provisioner_options.actions import ACTIONS
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "config" / "examples" / "command"
FAULTY = Path(__file__).with_name("faulty.sh")
ENVIRONMENT = {"PATH": os.defpath, "HOME": "/nowhere", "AWS_SECRET_ACCESS_KEY": "never to be seen"}


class FileWorld(ProvisionerHarness):
    """The command provisioner over the shipped example scripts."""

    lists = False
    fences = True

    def __init__(self, directory: Path) -> None:
        """Everything lives in `directory`."""
        super().__init__()
        self.state = directory / "state"
        self.root = directory / "world"
        self.troubles = directory / "troubles"
        for made in (self.state, self.root, self.troubles):
            made.mkdir()
        for pipe in ("begun", "gate"):
            os.mkfifo(self.troubles / pipe)

    def provisioner(self) -> CommandProvisioner:
        """The adapter of a new process."""
        return CommandProvisioner(self.state, self.clock, ENVIRONMENT)

    def resource(self, component: str = "web") -> Resource:
        """A component that is a directory of the root."""
        scripts = {action: ["sh", str(FAULTY), str(self.troubles), str(SCRIPTS / f"{action}.sh")] for action in ACTIONS}
        return Resource("shop", component, {**scripts, "target": str(self.root / component)})

    def created(self, resource: Resource) -> int:
        """Lines of the log."""
        log = self.root / resource.component / "log"
        return log.read_text().count("created") if log.exists() else 0

    def tokens(self, resource: Resource) -> list[str]:
        """Directories under `live`."""
        return sorted(path.name for path in (self.root / resource.component).glob("live/*"))

    def image(self) -> object:
        """Every file of the world with its content."""
        return {
            str(path.relative_to(self.root)): path.read_text() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
            # An empty frame is no resource.
            if path.name not in ("live", "snapshots")
        }

    def arrange(self, call: str, trouble: Trouble | str, resource: Resource) -> None:
        """The wrapper finds the trouble in a file and removes it."""
        word = trouble.value if isinstance(trouble, Trouble) else trouble
        (self.troubles / f"{call}.{resource.component}").write_text(f"{word}\n")

    async def begun(self) -> None:
        """Wait for the wrapper to open its pipe."""
        await asyncio.to_thread((self.troubles / "begun").read_text)

    def vanish(self, resource: Resource) -> None:
        """Remove the directories."""
        shutil.rmtree(self.root / resource.component / "live")

    def write_data(self, resource: Resource, text: str) -> None:
        """Write the data file of the one live resource."""
        (live,) = (self.root / resource.component).glob("live/*")
        (live / "data").write_text(text)

    def data(self, resource: Resource) -> str:
        """Read it."""
        (live,) = (self.root / resource.component).glob("live/*")
        return (live / "data").read_text()
