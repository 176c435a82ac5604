"""The world of the reference agent, which runs in a thread here, with troubles arranged in its answers."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adapters.provisioners.mqtt import MqttProvisioner, provisioner
from adapters.provisioners.registry import Surroundings
from config.examples.mqtt.agent import Agent, World
from config.instants import datetime_from_instant
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble

ANSWER_TIMEOUT_S = 3_600


class CountingWorld(World):
    """Counts what is made."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.created: Counter[str] = Counter()

    def _warm(self, live: list[Path], plan: str, component: str, token: str) -> None:
        super()._warm(live, plan, component, token)
        self.created[component] += not live


class FaultyAgent(Agent):
    """The reference agent, or the trouble that a test arranged."""

    troubles: dict[tuple[str, str], Trouble]
    scripted: dict[tuple[str, str], list[dict[str, Any]]]
    """Answers by step and component that are given instead of doing anything, one after the other."""
    lost: Callable[[], object]
    begun: Callable[[], object]

    def answered(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """One shot."""
        if answers := self.scripted.get((request["step"], request["component"])):
            return answers.pop(0)
        trouble = self.troubles.pop((request["step"], request["component"]), None)
        if trouble is None:
            return super().answered(request)
        if trouble is Trouble.TRANSIENT:
            return {"answer": "later", "reason": "too many requests, come back later", "retry_after_s": 7}
        if trouble is Trouble.PERMANENT:
            return {"answer": "refused", "reason": "there is no such region"}
        if trouble is Trouble.LOST_AFTER:
            super().answered(request)
        if trouble is Trouble.HALF:
            (self.world.directory / request["plan"] / request["component"] / "live" / request["token"]).mkdir(
                parents=True
            )
            assert isinstance(self.world, CountingWorld)
            self.world.created[request["component"]] += 1
        (self.begun if trouble is Trouble.SLOW else self.lost)()
        return None


class AgentWorld(ProvisionerHarness):
    """The mqtt provisioner in front of the reference agent."""

    fences = True

    def __init__(self, directory: Path, port: int) -> None:
        """Call it in a running loop."""
        super().__init__()
        self.port = port
        self.root = directory / "world"
        loop = asyncio.get_running_loop()
        self._begun = asyncio.Event()
        self._chance = random.SystemRandom().randrange
        self.name = f"agent-{self._chance(10**9)}"
        self.agent = FaultyAgent(
            CountingWorld(self.root), f"solvent/agents/{self.name}", lambda: datetime_from_instant(self.clock.wall())
        )
        self.agent.troubles = {}
        self.agent.scripted = {}
        # An answer that never comes need not be waited for: time passes at once.
        self.agent.lost = lambda: loop.call_soon_threadsafe(self.advance, ANSWER_TIMEOUT_S)
        self.agent.begun = lambda: loop.call_soon_threadsafe(self._begun.set)

    def surroundings(self, **environment: str) -> Surroundings:
        """Those of a daemon with this world's clock."""
        return Surroundings(self.root, self.clock, self._chance, environment)

    def provisioner(self) -> MqttProvisioner:
        """The adapter of a new process."""
        return provisioner(self.surroundings())

    def options(self, **others: Any) -> dict[str, Any]:
        """Options that reach the agent."""
        reached = {"broker": f"mqtt://127.0.0.1:{self.port}", "agent": self.name, "answer_timeout_s": ANSWER_TIMEOUT_S}
        return {**reached, **others}

    def resource(self, component: str = "web") -> Resource:
        """A component that is a directory of the agent's."""
        return Resource("shop", component, self.options())

    def created(self, resource: Resource) -> int:
        """The agent counts."""
        assert isinstance(self.agent.world, CountingWorld)
        return self.agent.world.created[resource.component]

    def tokens(self, resource: Resource) -> list[str]:
        """Directories under `live`."""
        return sorted(path.name for path in (self.root / "shop" / resource.component).glob("live/*"))

    def image(self) -> object:
        """Every file of the world with its content."""
        return {
            str(path.relative_to(self.root)): path.read_text() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
        }

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """The agent finds the trouble and removes it."""
        self.agent.troubles[call, resource.component] = trouble

    async def begun(self) -> None:
        """Wait for the agent's word."""
        await self._begun.wait()

    def vanish(self, resource: Resource) -> None:
        """Remove the directories."""
        shutil.rmtree(self.root / "shop" / resource.component / "live")

    def write_data(self, resource: Resource, text: str) -> None:
        """Write the data file of the one live resource."""
        (live,) = (self.root / "shop" / resource.component).glob("live/*")
        (live / "data").write_text(text)

    def data(self, resource: Resource) -> str:
        """Read it."""
        (live,) = (self.root / "shop" / resource.component).glob("live/*")
        return (live / "data").read_text()
