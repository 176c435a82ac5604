"""What the pages for operators say, typed as it stands, after all other proofs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Final

from tests.system.machine import Machine, until
from tests.system.operating_page import LEVEL, daily, typed, walked
from tests.system.proofs import STATE, until_status


def the_operators_page_holds(machine: Machine) -> str:
    """The walk of docs/operating.md, typed as it stands, leads to a service that acts, is backed up and is watched."""
    machine.sh(f"rm -rf /etc/solvent /var/lib/private/solvent {STATE}")
    began_s = time.monotonic()
    said = walked(machine)  # every command of it ended with 0, the doctor's too
    took_s = time.monotonic() - began_s
    assert '{"ok":true,"reasons":[]}' in said, said
    assert "scaling_level_current" in said.partition("+ curl -s http://127.0.0.1:9327/metrics")[2], said
    assert "solvent-" in said.partition("+ solvent backup list")[2].partition("+ solvent verify")[0], said
    assert "active" == machine.property("solvent", "ActiveState")
    until(lambda: levels(machine) == (LEVEL, LEVEL), f"level {LEVEL} to be decided and reached", 60)
    assert json.loads(machine.run("cat", f"{STATE}/backups.json"))["drill"]["ok"] is True
    status = until_status(machine, rf"^level {LEVEL} .*act")
    return f"{status!r} after {took_s:.0f} s of typing"


def the_page_of_the_service_holds(machine: Machine) -> str:
    """The commands of docs/systemd.md end well, the upgrade among them."""
    said = typed(machine, daily())
    assert "active" == machine.property("solvent", "ActiveState")
    return f"{said.count(chr(10) + '+ ')} commands"


def levels(machine: Machine) -> tuple[int, int]:
    """The level that is decided, and the one whose components all serve."""
    status = json.loads(machine.run("solvent", "status", "--state-dir", STATE, "--format", "json"))
    return status["level"], status["level_reached"]


PAGE_PROOFS: Final[tuple[Callable[[Machine], str], ...]] = (the_operators_page_holds, the_page_of_the_service_holds)
