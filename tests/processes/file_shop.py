"""A small shop whose components are directories: its plan, its scripts' world, and what they did."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from config.loading import load_plan
from config.plan import Plan

ROOT: Final = Path(__file__).parents[2]
SCRIPTS: Final = ROOT / "config" / "examples" / "command"
ARRANGED: Final = Path(__file__).with_name("arranged.sh")
STEPS: Final = ("observe", "warm", "activate", "deactivate", "decommission")

_HEAD: Final = """\
plan: shop
name: The shop
currency: EUR
timezone: UTC
policies:
  activation: {{approval: {approval}}}
  rollback: {{after: immediate}}
components:
  server: {{monthly_cost: 10, host: true}}
"""
_LEVELS: Final = """\
levels:
  - id: floor
    max_burn: 50
    components: [server, files]
  - id: small
    trigger: {metric: revenue, at_least: 200, for_months: 1}
    max_burn: 200
    includes: [floor]
    components: [database, web]
  - id: large
    trigger: {metric: revenue, at_least: 500, for_months: 2}
    max_burn: 1000
    includes: [small]
    components: [search]
"""
_COMPONENTS: Final = {
    "files": "monthly_cost: 0",
    "database": "monthly_cost: 60\n    warm_cost: 6\n    stateful: true",
    "web": "monthly_cost: 40\n    requires: [database]",
    "search": "monthly_cost: 300\n    warm_cost: 30\n    requires: [web]",
}


class FileShop:
    """The plan's file and the directories that its scripts make, all under one directory of a test."""

    def __init__(self, directory: Path, *, approval: str = "automatic") -> None:
        """Write the plan; `approval` is the policy for activations."""
        self.plan_path = directory / "shop.yaml"
        self.world = directory / "world"
        self.arranged = directory / "arranged"
        for made in (self.world, self.arranged):
            made.mkdir(parents=True)
        self._approval = approval
        self.write_plan()

    @property
    def plan(self) -> Plan:
        """The plan as it is loaded."""
        return load_plan(str(self.plan_path))

    def write_plan(self, **changed: str) -> None:
        """Write the plan's file, with other words for some of the components."""
        components = "".join(self._component(name, text) for name, text in {**_COMPONENTS, **changed}.items())
        self.plan_path.write_text(_HEAD.format(approval=self._approval) + components + _LEVELS, encoding="utf-8")

    def _component(self, name: str, text: str) -> str:
        scripts = "".join(f"\n      {step}: [sh, {ARRANGED}, {self.arranged}, {SCRIPTS / step}.sh]" for step in STEPS)
        options = f"\n    options:\n      target: {self.world / name}{scripts}"
        return f"  {name}:\n    {text}\n    provisioner: command{options}\n"

    # --- arranging ---

    def pause(self, seconds: float) -> None:
        """Each changing script waits so long before and after it does its work."""
        (self.arranged / "pause").write_text(f"{seconds}\n")

    def hold(self, step: str, component: str, *, stubborn: bool = False) -> Path:
        """The script waits in this step until `release`, a stubborn one also through SIGTERM.

        The path appears when it has begun to wait.
        """
        (self.arranged / f"hold.{step}.{component}").write_text("stubborn\n" if stubborn else "plain\n")
        return self.arranged / f"begun.{step}.{component}"

    def release(self, step: str, component: str) -> None:
        """The held script goes on."""
        (self.arranged / f"hold.{step}.{component}").unlink()

    def ends_with(self, code: int, step: str, component: str) -> None:
        """The script ends with this exit code and does nothing, until `mend`."""
        (self.arranged / f"exit.{step}.{component}").write_text(f"{code}\n")

    def mend(self, step: str, component: str) -> None:
        """The script works again."""
        (self.arranged / f"exit.{step}.{component}").unlink()

    # --- looking ---

    def calls(self) -> list[str]:
        """Every changing call so far, as `<step>.<component>`."""
        path = self.arranged / "calls"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def live(self, component: str) -> dict[str, str]:
        """The component's resources: token to state."""
        found = (self.world / component).glob("live/*")
        return {path.name: (path / "state").read_text().strip() for path in found if (path / "state").exists()}

    def history(self, component: str) -> list[tuple[str, str]]:
        """What was created and removed of the component, in order, each with its token."""
        path = self.world / component / "log"
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return [(words[0], words[1]) for words in lines]
