"""What a defect does to whoever has it: two restarts, then parked, alone, until an operator resumes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tests.faults.machines import Machine
from tests.faults.seeing import lines
from tests.processes.daemon_process import DaemonProcess
from tests.processes.operating import answer
from tests.processes.pages import page
from tests.processes.redis_place import Keys
from tests.processes.waiting import until

SHORT: Final = {
    "SOLVENT_KERNEL__RESTARTS_MAX": "2",
    "SOLVENT_KERNEL__ASK_TIMEOUT_S": "2",
    "SOLVENT_PROVISIONING__OBSERVE_EVERY_S": "1",
}


def is_parked(daemon: DaemonProcess, name: str) -> bool:
    """Whether the log says so."""
    return any(line["name"] == name for line in lines(daemon, "task_parked"))


def restarts(daemon: DaemonProcess) -> set[str]:
    """Everybody who was ever restarted."""
    return {line["name"] for line in lines(daemon, "task_restarting")}


def require_each_parks_alone(daemon: DaemonProcess, machine: Machine, keys: Keys, roots: Iterable[str]) -> None:
    """Each of the roots in turn: the health page names it, nobody else restarts, `resume-actor` starts it again."""
    failed: set[str] = set()
    for name in roots:
        with machine.defect(name):
            until(lambda name=name: is_parked(daemon, name), f"{name} to park")
        failed.add(name)
        assert restarts(daemon) == failed
        assert f"root task {name} is parked" in page(daemon, "/healthz")[1]
        sent = keys.command("resume-actor", actor=name, reason="mended")
        assert "done" == answer(keys, sent)["outcome"]
        until(lambda: page(daemon, "/healthz")[0] == 200, "health")
