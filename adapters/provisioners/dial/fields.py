"""The fields of a dial's key: what a component's options wish them to be, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.provisioners.keyed import OFF, ON
from config.dials import PERCENT_MAX
from config.provisioner_options.dial import dial_policy
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

_STATES: Final = {ON: ResourceState.HOT, OFF: ResourceState.WARM}


def wished(resource: Resource) -> dict[str, str]:
    """The fields that follow from the options; raises `Permanent` where they cannot be used."""
    try:
        policy = dial_policy(resource.options)
    except ValueError as error:
        raise Permanent(
            f"the options of {resource.plan}/{resource.component} are not those of a dial: {error}"
        ) from error
    return {"providers": ",".join(policy.providers)}


def observation_from(resource: Resource, fields: Mapping[str, str]) -> Observation:
    """What the key shows. A dial costs nothing by itself. Raises `Permanent` where it is another plan's."""
    wish = wished(resource)
    if not fields:
        return Observation(ResourceState.ABSENT)
    tokens, plan = (fields.get("token", ""),), fields.get("plan", "")
    if plan not in ("", resource.plan):
        raise Permanent(
            f"the dial of {resource.component} belongs to the plan {plan}, not to {resource.plan}: "
            "rename the component, or give each plan's daemon its own --instance or SOLVENT_INSTANCE"
        )
    state, share = _STATES.get(fields.get("state", "")), fields.get("share_percent", "")
    if state is None or not plan or not share.isdecimal() or int(share) > PERCENT_MAX:
        return Observation(ResourceState.BROKEN, tokens, detail="unreadable: state, plan or share_percent")
    differences = tuple(
        f"{name} is {fields.get(name, '')!r} instead of {value!r}"
        for name, value in wish.items()
        if fields.get(name) != value
    )
    hot = state is ResourceState.HOT
    return Observation(state, tokens, cost_micros=0, detail=f"{share} %", differences=differences if hot else ())
