#!/usr/bin/env python3
"""A component as an Ansible playbook: a check run first, bounded, then the same playbook in earnest.

Usage: ansible_step.py [--changes-max 50] [--inventory FILE] STEP
STEP is observe, warm, activate, deactivate or decommission.

SOLVENT_TARGET is a folder with two playbooks. `site.yml` brings the hosts to the variable `solvent_state` ("cold",
"warm" or "hot") and leaves `solvent_state` and `solvent_token` with them, from the moment it makes anything.
`observe.yml` reads both back and reports them with `set_stats`: `solvent_state` ("absent", "warm", "hot" or "broken")
and `solvent_token`. Needs Python's standard library and `ansible-playbook` with its `json` output.

Ends as solvent reads it: 0 done; 75 refused for now, nothing was changed; other: refused for good, nothing was
changed; by its own SIGTERM: unknown, because a run was cut short.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from typing import Any

STATE_AFTER = {"warm": "warm", "activate": "hot", "deactivate": "warm", "decommission": "cold"}
EXIT_REFUSED, EXIT_LATER = 1, 75
UNREACHABLE = 4
"""ansible-playbook's exit code where a host could not be reached."""


def play(playbook: str, inventory: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Run a playbook; its exit code, and its report ({} where it printed none)."""
    chosen = ["-i", inventory] if inventory else []
    ended = subprocess.run(
        ["ansible-playbook", *chosen, *options, playbook],
        capture_output=True,
        text=True,
        check=False,
        cwd=os.environ["SOLVENT_TARGET"],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "json", "ANSIBLE_RETRY_FILES_ENABLED": "0"},
    )
    sys.stderr.write(ended.stderr)
    start = ended.stdout.find("{")
    report: dict[str, Any] = json.loads(ended.stdout[start:]) if start >= 0 else {}
    for host, stats in report.get("stats", {}).items():
        if stats.get("failures") or stats.get("unreachable"):
            sys.stderr.write(f"{host}: {stats.get('failures', 0)} failed, {stats.get('unreachable', 0)} unreachable\n")
    return ended.returncode, report


def variables(state: str, token: str) -> list[str]:
    """What the playbook is told."""
    told = {
        "solvent_state": state,
        "solvent_token": token,
        "solvent_generation": os.environ.get("SOLVENT_GENERATION", ""),
        "solvent_plan": os.environ["SOLVENT_PLAN"],
        "solvent_component": os.environ["SOLVENT_COMPONENT"],
    }
    return ["-e", json.dumps(told)]


def checked(inventory: str, state: str, token: str) -> dict[str, int]:
    """What a check run would change, tasks by host; leaves where it cannot say."""
    code, report = play("site.yml", inventory, "--check", *variables(state, token))
    if code != 0:
        sys.exit(EXIT_LATER if code == UNREACHABLE else EXIT_REFUSED)
    return {host: stats["changed"] for host, stats in report.get("stats", {}).items() if stats["changed"]}


def observe(inventory: str) -> None:
    """Print what the hosts report; what a check run would change is what differs."""
    code, report = play("observe.yml", inventory, *variables("", ""))
    if code != 0:
        sys.exit(EXIT_LATER if code == UNREACHABLE else EXIT_REFUSED)
    found = report.get("global_custom_stats", {})
    state, token = found.get("solvent_state"), found.get("solvent_token", "")
    if state not in ("absent", "warm", "hot", "broken"):
        sys.exit(f"observe.yml reported solvent_state {state!r}: expected absent, warm, hot or broken by set_stats")
    if state == "absent":
        print(json.dumps({"state": state}))
        return
    changes = checked(inventory, state, token) if state != "broken" else {}
    differences = [f"{host}: {count} tasks would change" for host, count in sorted(changes.items())]
    print(json.dumps({"state": state, "tokens": [token], "differences": differences}))


def step(inventory: str, action: str, changes_max: int) -> None:
    """Check, bound, then run in earnest."""
    state, token = STATE_AFTER[action], os.environ["SOLVENT_TOKEN"]
    changes = checked(inventory, state, token)
    if sum(changes.values()) > changes_max:
        sys.exit(
            f"the check run changes {sum(changes.values())} tasks (at most {changes_max}); nothing was changed. "
            "Look at it with ansible-playbook --check --diff, and raise --changes-max if it is meant"
        )
    code, _ = play("site.yml", inventory, *variables(state, token))
    if code != 0:
        # Some of it may have been done: solvent must look before it does anything else.
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Read the arguments and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--changes-max", type=int, default=50, help="tasks that one step may change, all hosts together"
    )
    parser.add_argument("--inventory", default="", help="the inventory, where the folder's ansible.cfg names none")
    parser.add_argument("action", choices=["observe", *STATE_AFTER])
    asked = parser.parse_args()
    if os.environ.get("SOLVENT_RESOURCE"):
        sys.exit("this preset adopts nothing by name: name its hosts in the inventory of the target")
    if asked.action == "observe":
        observe(asked.inventory)
    else:
        step(asked.inventory, asked.action, asked.changes_max)


if __name__ == "__main__":
    main()
