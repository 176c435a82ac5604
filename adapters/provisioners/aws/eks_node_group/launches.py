"""What Auto Scaling says of a node group's machines: why they do not come, and since when some are missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from adapters.provisioners.aws.eks_node_group.market import Refusal
from config.instants import Instant

_QUOTA: Final = re.compile(
    r"MaxSpotInstanceCountExceeded|Max spot instance count exceeded|VcpuLimitExceeded|InstanceLimitExceeded"
    r"|LimitExceeded|vCPU capacity than your current"
)
_AUTHORISATION: Final = re.compile(
    r"AccessDenied|Unauthori[sz]ed|AuthFailure|not authori[sz]ed|NotPermitted|IamInstanceProfileNotFound"
    r"|IamNodeRoleNotFound|OptInRequired"
)
_CAPACITY: Final = re.compile(
    r"Insufficient\w*Capacity|UnfulfillableCapacity|SpotMaxPriceTooLow|InsufficientFreeAddresses|no (Spot )?capacity"
    r"|capacity-not-available|price-too-low|AsgInstanceLaunchFailures"
)


class Activity(msgspec.Struct, frozen=True):
    """One launch or termination."""

    started_at: Instant
    launches: bool
    successful: bool
    failed: bool = False
    message: str = ""


def classified(text: str) -> Refusal:
    """The kind of a failure by AWS's code and message; what nobody knows passes, or shows again.

    A failed launch carries a general code and a particular message, so the particular ones are looked for first.
    """
    for pattern, refusal in (
        (_QUOTA, Refusal.QUOTA),
        (_AUTHORISATION, Refusal.AUTHORISATION),
        (_CAPACITY, Refusal.CAPACITY),
    ):
        if pattern.search(text):
            return refusal
    return Refusal.PASSING


def refused(failure: str, issues: Sequence[str]) -> Refusal | None:
    """Why machines do not come now; None where no launch failed since they were asked for.

    EKS keeps a group's health issues until all its nodes came, however long ago they arose, so they only help to
    understand a failure that is new.
    """
    if not failure:
        return None
    refusal = classified(failure)
    others = {classified(issue) for issue in issues} if refusal is Refusal.PASSING else set()
    order = (Refusal.AUTHORISATION, Refusal.QUOTA, Refusal.CAPACITY)
    return next((each for each in order if each in others), refusal)


def last_failure(activities: Sequence[Activity], since: Instant) -> str:
    """What the newest launch since then failed with; "" where it did not. `activities` are newest first."""
    for activity in activities:
        if activity.launches and activity.started_at >= since:
            return activity.message if activity.failed else ""
    return ""


def short_since(ready: int, wished: int, activities: Sequence[Activity]) -> Instant | None:
    """When the machine went whose loss made it fewer than wished; None where the record shows no such moment.

    Walks back from now: before a termination there was one machine more, before a launch one fewer. `activities` are
    newest first.
    """
    count = ready
    for activity in activities:
        if count >= wished or not activity.successful:
            continue
        count += -1 if activity.launches else 1
        if count >= wished:
            return activity.started_at
    return None
