"""The world of the systemd provisioner: a fake systemd on a private bus."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

from adapters.provisioners.systemd import SystemdProvisioner
from adapters.provisioners.systemd.marks import mark_of
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import ProvisionerHarness, Trouble
from tests.provisioners.systemd.fake_systemd import FakeSystemd, FakeUnit, Fault

METHODS = {
    "observe": "LoadUnit",
    "warm": "SetUnitProperties",
    "activate": "StartUnit",
    "deactivate": "StopUnit",
    "decommission": "SetUnitProperties",
}
FAULTS = {
    Trouble.TRANSIENT: (Fault.ERROR, "org.freedesktop.systemd1.ShuttingDown"),
    Trouble.PERMANENT: (Fault.ERROR, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"),
    Trouble.LOST_BEFORE: (Fault.LOST_BEFORE, ""),
    Trouble.LOST_AFTER: (Fault.LOST_AFTER, ""),
    Trouble.HALF: (Fault.FAILS_AFTER, ""),
    Trouble.SLOW: (Fault.NO_REPLY, ""),
}


class SystemdWorld(ProvisionerHarness):
    """Two units with files, `web.service` and `database.service`."""

    def __init__(self, state_directory: Path, address: str, systemd: FakeSystemd) -> None:
        """A systemd that is on the bus already."""
        super().__init__()
        self.systemd = systemd
        self.address = address
        self._state_directory = state_directory
        for component in ("web", "database"):
            self.systemd.units[f"{component}.service"] = FakeUnit(f"The {component} of the shop")

    def provisioner(self) -> SystemdProvisioner:
        """The adapter of another process; the bus is the system bus by its environment."""
        return SystemdProvisioner(self._state_directory, self.clock, {"DBUS_SYSTEM_BUS_ADDRESS": self.address})

    def resource(self, component: str = "web") -> Resource:
        """A unit of the same name, with limits."""
        options = {"unit": f"{component}.service", "memory_max_mib": 512, "cpu_quota_percent": 50}
        # Longer than any deadline of the contract, so that the deadline is what ends a call.
        return Resource("shop", component, {**options, "call_limit_s": 600})

    def unit(self, resource: Resource) -> FakeUnit:
        """The unit behind a component."""
        return self.systemd.units[f"{resource.component}.service"]

    def created(self, resource: Resource) -> int:
        """How often a token came onto a unit that had another one or none."""
        marks = [mark_of(description) for description in self.unit(resource).marks]
        tokens = ["", *(mark.token if mark else "" for mark in marks)]
        return sum(1 for earlier, later in itertools.pairwise(tokens) if later and later != earlier)

    def tokens(self, resource: Resource) -> list[str]:
        """The token in the description."""
        mark = mark_of(self.unit(resource).description)
        return [mark.token] if mark else []

    def image(self) -> object:
        """Every unit."""
        return {name: dataclasses.asdict(unit) for name, unit in self.systemd.units.items()}

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """On the method that the call is about."""
        self.systemd.faults[METHODS[call], f"{resource.component}.service"] = FAULTS[trouble]

    async def begun(self) -> None:
        """The fake has swallowed the request."""
        await self.systemd.silent.wait()

    def vanish(self, resource: Resource) -> None:
        """`systemctl stop` and `systemctl revert`."""
        unit = self.unit(resource)
        unit.active_state, unit.description = "inactive", f"The {resource.component} of the shop"
        unit.marks.append(unit.description)

    def write_data(self, resource: Resource, text: str) -> None:
        """Into the unit's StateDirectory=, as it were."""
        self.unit(resource).data = text

    def data(self, resource: Resource) -> str:
        """Read it."""
        return self.unit(resource).data
