"""What RDS's words for the status of an instance mean: `DBInstanceStatus` as the user's guide lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.provisioners.aws import tags
from machines.observations import ResourceState

PHASE: Final = "solvent:phase"
MAKING: Final = "making"
MADE: Final = "made"
LEAVING: Final = "leaving"
"""Started only because AWS changes nothing of a stopped instance, and its protection must be lifted."""
STOPPED: Final = "stopped"
STORAGE_FULL: Final = "storage-full"
STORAGE_OPTIMIZATION: Final = "storage-optimization"
"""After a growth, for hours: it serves, and AWS refuses the next growth."""
LOOK_AFTER_S: Final = 30.0
_LOOK_AFTER_S: Final = {"creating": 60.0, "starting": 60.0, "stopping": 60.0, "deleting": 60.0}

SERVING: Final = frozenset(
    # The last three go on for hours while the database serves.
    {"available", STORAGE_OPTIMIZATION, "storage-config-upgrade", "storage-initialization"}
)
BROKEN: Final = {
    "failed": "AWS gave it up: decommission it, or let AWS support repair it",
    "inaccessible-encryption-credentials": "its KMS key is not usable: enable the key and allow RDS to use it",
    "inaccessible-encryption-credentials-recoverable": "its KMS key is not usable: enable the key, then start it",
    "incompatible-create": "AWS could not make it as its options wish: mend them, and decommission it",
    "incompatible-credentials": "its secret or role is not usable: mend it in Secrets Manager or IAM",
    "incompatible-network": "its subnets or addresses do not suffice: mend the subnet group",
    "incompatible-option-group": "its option group does not fit: mend the option group",
    "incompatible-parameters": "its parameter group does not fit: mend the parameters and reboot it",
    "incompatible-restore": "AWS could not restore it: decommission it, or restore an older snapshot",
    "insufficient-capacity": "AWS has no capacity for its class: choose another class or zone",
    "restore-error": "AWS could not restore it: decommission it, or restore an older snapshot",
    STORAGE_FULL: "its storage is full: raise storage_gb",
}
"""What an operator does about each; nothing here mends itself."""
WITHOUT_SNAPSHOT: Final = frozenset(
    {"failed", "incompatible-create", "incompatible-restore", "incompatible-network", "insufficient-capacity"}
    | {"restore-error"}
)
"""Of these AWS takes no snapshot."""


def tags_on(instance: Mapping[str, Any]) -> dict[str, str]:
    """The instance's tags, which every look at it brings."""
    return tags.mapped(instance.get("TagList", []))


def status_of(instance: Mapping[str, Any]) -> str:
    """RDS's own word; "" of an answer without one."""
    return str(instance.get("DBInstanceStatus", ""))


def never_served(instance: Mapping[str, Any]) -> bool:
    """Whether the step that makes it never came to its end."""
    return tags_on(instance).get(PHASE) == MAKING


def is_settled(instance: Mapping[str, Any]) -> bool:
    """Whether no step of solvent's is half-way; what carries no such tag was made by somebody else."""
    return tags_on(instance).get(PHASE) not in (MAKING, LEAVING)


def state_of(instance: Mapping[str, Any]) -> ResourceState:
    """What stands. A word that nobody knows is AWS at work: neither started, stopped nor removed."""
    status = status_of(instance)
    if status in BROKEN:
        return ResourceState.BROKEN
    if status == STOPPED or status in SERVING:
        if not is_settled(instance):
            return ResourceState.BROKEN
        return ResourceState.WARM if status == STOPPED else ResourceState.HOT
    return ResourceState.CHANGING


def look_after_s(status: str) -> float:
    """When a look may show something new."""
    return _LOOK_AFTER_S.get(status, LOOK_AFTER_S)
