#!/usr/bin/env python3
"""A component as a Terraform or OpenTofu module: plan, bound what the plan may do, then apply that very plan.

Usage: terraform_step.py [--tool tofu] [--changes-max 20] [--removals-max 0] STEP
STEP is observe, warm, activate, deactivate or decommission.

SOLVENT_TARGET is the module's folder. The module takes the variables `solvent_state` ("cold", "warm" or "hot"),
`solvent_token` and `solvent_generation`, and gives them back as outputs of the same names, which makes them part of
its state. In "cold" it makes nothing. Needs nothing but Python's standard library.

Ends as solvent reads it: 0 done; 75 refused for now, nothing was changed; other: refused for good, nothing was
changed; by its own SIGTERM: unknown, because an apply was cut short.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

STATE_AFTER = {"warm": "warm", "activate": "hot", "deactivate": "warm", "decommission": "cold"}
REMOVALS_DECOMMISSION_MAX = 1_000
PLAN_FILE = ".solvent.tfplan"
INTENT_FILE = ".solvent-intent"
"""The token of an apply that has not ended well: what it made before it failed carries no output yet."""
LOCKED = "Error acquiring the state lock"
PASSING = (LOCKED, "connection refused", "timeout", "TooManyRequests", "Throttling", "503")
EXIT_REFUSED, EXIT_LATER, EXIT_CHANGES = 1, 75, 2


class Tool:
    """The program, in the module's folder."""

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self.folder = folder

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One run, its output kept; what it complains of is passed on."""
        ended = subprocess.run(
            [self.name, f"-chdir={self.folder}", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TF_IN_AUTOMATION": "1"},
        )
        sys.stderr.write(ended.stderr)
        return ended


def refuse(ended: subprocess.CompletedProcess[str]) -> None:
    """Leave after a run that changed nothing and failed."""
    said = ended.stdout + ended.stderr
    sys.exit(EXIT_LATER if any(word in said for word in PASSING) else EXIT_REFUSED)


def outputs(tool: Tool) -> dict[str, str]:
    """The module's recorded outputs; {} before the first apply."""
    ended = tool.run("output", "-json")
    if ended.returncode != 0:
        refuse(ended)
    return {name: str(output["value"]) for name, output in json.loads(ended.stdout or "{}").items()}


def variables(state: str, token: str, generation: str) -> list[str]:
    """What the module is told."""
    told = {"solvent_state": state, "solvent_token": token, "solvent_generation": generation or "0"}
    return [f"-var={name}={value}" for name, value in told.items()]


def planned_by(tool: Tool, wished: list[str], *options: str) -> dict[str, Any]:
    """The plan for these variables, as JSON; it is left in PLAN_FILE."""
    ended = tool.run("plan", "-input=false", "-no-color", "-detailed-exitcode", f"-out={PLAN_FILE}", *options, *wished)
    if ended.returncode not in (0, EXIT_CHANGES):
        refuse(ended)
    shown = tool.run("show", "-json", PLAN_FILE)
    if shown.returncode != 0:
        refuse(shown)
    plan: dict[str, Any] = json.loads(shown.stdout)
    return plan


def changes_of(plan: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Each resource that the plan would change, with what would be done to it."""
    changes = [(each["address"], each["change"]["actions"]) for each in plan.get("resource_changes", [])]
    return [(address, actions) for address, actions in changes if not set(actions) <= {"no-op", "read"}]


def stands(module: dict[str, Any]) -> bool:
    """Whether the refreshed state holds any resource of ours, in this module or one below."""
    managed = any(each.get("mode") == "managed" for each in module.get("resources", []))
    return managed or any(stands(child) for child in module.get("child_modules", []))


def observe(tool: Tool) -> None:
    """Print what stands; what a refreshed plan would change is what differs."""
    known = outputs(tool)
    state, token = known.get("solvent_state", "cold"), known.get("solvent_token", "")
    plan = planned_by(tool, variables(state, token, known.get("solvent_generation", "0")), "-lock=false")
    if not stands(plan.get("prior_state", {}).get("values", {}).get("root_module", {})):
        print(json.dumps({"state": "absent"}))
    elif state == "cold":
        intent = Path(tool.folder, INTENT_FILE)
        begun = intent.read_text(encoding="utf-8") if intent.exists() else ""
        print(json.dumps({"state": "broken", "tokens": [begun], "detail": "an apply was cut short"}))
    else:
        differences = [f"{address}: {' and '.join(actions)}" for address, actions in changes_of(plan)]
        print(json.dumps({"state": state, "tokens": [token], "differences": differences}))


def check_bounds(tool: Tool, changes: list[tuple[str, list[str]]], changes_max: int, removals_max: int) -> None:
    """Refuse a plan that does more than it may."""
    removals = [address for address, actions in changes if "delete" in actions]
    if len(changes) > changes_max or len(removals) > removals_max:
        sys.exit(
            f"the plan changes {len(changes)} resources (at most {changes_max}) and removes {len(removals)} "
            f"(at most {removals_max}): {', '.join(removals[:5])}; nothing was applied. "
            f"Look at it with {tool.name} plan, and raise --changes-max or --removals-max if it is meant"
        )


def step(tool: Tool, action: str, changes_max: int, removals_max: int) -> None:
    """Plan, bound, apply the plan that was bounded."""
    token = os.environ["SOLVENT_TOKEN"]
    wished = variables(STATE_AFTER[action], token, os.environ.get("SOLVENT_GENERATION", ""))
    plan = planned_by(tool, wished, "-lock-timeout=5s")
    removals = REMOVALS_DECOMMISSION_MAX if action == "decommission" else removals_max
    check_bounds(tool, changes_of(plan), changes_max, removals)
    intent = Path(tool.folder, INTENT_FILE)
    intent.write_text(token, encoding="utf-8")
    applied = tool.run("apply", "-input=false", "-lock-timeout=5s", "-no-color", PLAN_FILE)
    if applied.returncode == 0:
        intent.unlink()
        return
    if LOCKED in applied.stdout + applied.stderr:
        sys.exit(EXIT_LATER)
    # Some of it may have been done: solvent must look before it does anything else.
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Read the arguments and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", default="terraform", help="terraform or tofu")
    parser.add_argument("--changes-max", type=int, default=20, help="resources that one step may change")
    parser.add_argument("--removals-max", type=int, default=0, help="resources that a step but decommission may remove")
    parser.add_argument("action", choices=["observe", *STATE_AFTER])
    asked = parser.parse_args()
    if os.environ.get("SOLVENT_RESOURCE"):
        sys.exit("this preset adopts nothing by name: take it into the configuration's state with `import`")
    tool = Tool(asked.tool, os.environ["SOLVENT_TARGET"])
    if not Path(tool.folder, ".terraform").is_dir():
        begun = tool.run("init", "-input=false", "-no-color")
        if begun.returncode != 0:
            refuse(begun)
    try:
        if asked.action == "observe":
            observe(tool)
        else:
            step(tool, asked.action, asked.changes_max, asked.removals_max)
    finally:
        Path(tool.folder, PLAN_FILE).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
