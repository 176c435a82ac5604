"""Acting: hold the component's lock, look, and ask systemd for what is missing.

systemd has no conditional write, so the lock is what keeps two daemons of one state directory from answering the
same look twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dbus_fast import Variant

from adapters.component_lock import component_lock
from adapters.provisioners.look_first import done_already
from adapters.provisioners.systemd.connection import Connection, address_of, connected
from adapters.provisioners.systemd.marks import mark_of, marked, unmarked
from adapters.provisioners.systemd.observing import SystemdObserver, observation, read_options, unit_name
from adapters.provisioners.systemd.units import SeenUnit, differences, limits_of, seen_unit
from config.instants import SECOND
from config.provisioner_options.systemd import CALL_LIMIT_DEFAULT_S, SystemdOptions
from machines.lifecycle_states import Step
from machines.ports.clock import Clock
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, Resource, StepBegun, StepDone, StepOrder

REPLACE: Final = "replace"
"""The job mode of `systemctl start`: a conflicting job that still waits is given up for this one."""


class SystemdProvisioner(SystemdObserver):
    """The unit's mark, limits and jobs. Held to `tests/contracts/provisioner.py`."""

    def __init__(self, state_directory: Path, clock: Clock, environment: Mapping[str, str]) -> None:
        super().__init__(clock, environment)
        self._state_directory = state_directory

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: put the mark and the limits on the unit, in one call; it stays stopped.
        * `activate`: start it, after the mark and the limits stand as ordered.
        * `deactivate`: stop it; its StateDirectory= and every other file of it stay.
        * `decommission`: take the mark off. The unit's file, its data and its limits stay: an idle unit costs nothing.
        """
        options = read_options(order.resource)
        address = address_of(options.bus, self._environment)

        def limit_s() -> float:
            return min(float(options.call_limit_s), self._left_s(order))

        if self._left_s(order) <= 0:
            raise Transient(f"the deadline passed before {_named(order.resource)} was looked at")
        held = component_lock(
            self._state_directory, order.resource, exclusive=True, wait_s=self._left_s(order), clock=self._clock
        )
        async with held, connected(address, self._clock, limit_s) as connection:
            seen = await seen_unit(connection, unit_name(order.resource, options))
            if done := done_already(step, order, observation(seen, order.resource, options)):
                return done
            return await _taken(step, order, options, connection, seen)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone | StepBegun:
        """Stop a listed unit, and when it has stopped, take the mark off."""
        bus, _, unit = found.name.rpartition("/")
        address = address_of(bus, self._environment)
        async with connected(address, self._clock, lambda: float(CALL_LIMIT_DEFAULT_S)) as connection:
            seen = await seen_unit(connection, unit)
            mark = mark_of(seen.description)
            if mark is None or mark.token != found.token:
                stands = f"the token {mark.token}" if mark else "no mark"
                raise Permanent(f"{unit} carries {stands} and not the token {found.token}: list the resources again")
            if seen.serves or seen.moves:
                return await _stop(connection, mandate, unit)
            await _reset_failed(connection, mandate, seen)
            await _set(connection, mandate, unit, unmarked(seen.description), {})
            return StepDone()

    def _left_s(self, order: StepOrder) -> float:
        return (order.deadline_at - self._clock.wall()) / SECOND


async def _taken(
    step: Step, order: StepOrder, options: SystemdOptions, connection: Connection, seen: SeenUnit
) -> StepDone | StepBegun:
    if step is not Step.DEACTIVATE or not seen.serves:
        # A failed unit stays failed until it is told otherwise, and its start limit would refuse the next start.
        await _reset_failed(connection, order.mandate, seen)
    if step is Step.DECOMMISSION:
        await _set(connection, order.mandate, seen.name, unmarked(seen.description), {})
        return StepDone()
    mark = mark_of(seen.description)
    if mark is None or mark.token != order.token or differences(seen, options):
        await _set(connection, order.mandate, seen.name, marked(seen.description, order), limits_of(options))
    if step is Step.ACTIVATE and not seen.serves:
        what = f"to start {seen.name}"
        (job,) = await connection.change(order.mandate, what, "StartUnit", "ss", seen.name, REPLACE)
        return StepBegun(request_id=str(job), detail=f"{seen.name} starts")
    if step is Step.DEACTIVATE and seen.serves:
        return await _stop(connection, order.mandate, seen.name)
    return StepDone()


async def _stop(connection: Connection, mandate: Mandate, unit: str) -> StepBegun:
    (job,) = await connection.change(mandate, f"to stop {unit}", "StopUnit", "ss", unit, REPLACE)
    return StepBegun(request_id=str(job), detail=f"{unit} stops")


async def _reset_failed(connection: Connection, mandate: Mandate, seen: SeenUnit) -> None:
    if seen.failed:
        await connection.change(mandate, f"to forget the failure of {seen.name}", "ResetFailedUnit", "s", seen.name)


async def _set(
    connection: Connection, mandate: Mandate, unit: str, description: str, limits: Mapping[str, int]
) -> None:
    """All in one call, kept over restarts (`runtime` is false): systemd checks every property before it sets any."""
    properties = [["Description", Variant("s", description)]]
    properties += [[name, Variant("t", value)] for name, value in limits.items()]
    what = f"to set properties of {unit}"
    await connection.change(mandate, what, "SetUnitProperties", "sba(sv)", unit, False, properties)


def _named(resource: Resource) -> str:
    return f"{resource.plan}/{resource.component}"
