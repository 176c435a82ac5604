"""Listing what carries the plan's tag, kind by kind: one that cannot be listed is unknown, never empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from config.plan import Component
from daemon.actuator import Actuator
from machines.ports.faults import CallError
from machines.ports.provisioner import FoundResource, Resource
from machines.state.whole import State


class Listed(msgspec.Struct, frozen=True):
    """What was found, and why the other kinds are unknown."""

    found: tuple[FoundResource, ...]
    kinds: frozenset[str]
    """The kinds whose list is whole."""
    unknown: dict[str, str]
    """Why a kind could not be listed."""


def looked_at(state: State) -> tuple[Component, ...]:
    """The components that can be looked at: all but the host, those that a newer plan dropped included."""
    known = (*(state.plan.components.values() if state.plan else ()), *state.retired.values())
    return tuple(each for each in known if not each.host)


def places(state: State) -> dict[str, list[Resource]]:
    """The components by their kind: where to look."""
    plan_id = state.plan.id if state.plan else ""
    known: dict[str, list[Resource]] = {}
    for each in looked_at(state):
        record = state.components.records.get(each.id)
        name = record.resource_name if record is not None else ""
        known.setdefault(each.provisioner, []).append(Resource(plan_id, each.id, each.options, name, each.stateful))
    return known


async def list_tagged(
    actuator: Actuator, known: Mapping[str, Sequence[Resource]], unavailable: tuple[type[Exception], ...] = ()
) -> Listed:
    """One list of each kind; `unavailable` are the errors of an adapter that is not there, whose words say why.

    Whoever judges what was found reads the journal after it: what was made before the list has its intent there.
    """
    found: list[FoundResource] = []
    kinds: set[str] = set()
    unknown: dict[str, str] = {}
    for kind, resources in known.items():
        try:
            found += await actuator.list_resources(kind, resources)
            kinds.add(kind)
        except CallError as failed:
            unknown[kind] = failed.reason
        except unavailable as missing:
            unknown[kind] = str(missing)
        except Exception as defect:  # noqa: BLE001 - an adapter's defect must not hide the other kinds
            unknown[kind] = f"the provisioner failed: {type(defect).__name__}: {defect}"
    return Listed(tuple(found), frozenset(kinds), unknown)
