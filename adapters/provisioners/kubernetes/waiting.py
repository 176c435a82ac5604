"""Why pods of a workload wait, and when waiting longer is of no use."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from config.instants import SECOND, Instant, instant_from_text

STUCK_AFTER_S: Final = 600
"""Kubernetes's own default of a Deployment's progress deadline, for workloads that have none."""
RESTARTS_MAX: Final = 5
"""A container that ends so often is not waiting for a neighbour any more: by then it has been tried for minutes."""
REASON_CHARACTERS_MAX: Final = 200
_STARTING: Final = ("ContainerCreating", "PodInitializing")
_NO_NODE: Final = ("PodScheduled", "False")


class Waiting(msgspec.Struct, frozen=True):
    """What the pods of one workload wait for."""

    reasons: tuple[str, ...] = ()
    """Each once, such as `ImagePullBackOff no such image`."""
    stuck: bool = False
    """Whether one has waited in vain past the progress deadline, or was started too often."""


def waiting_of(workload: dict[str, Any], pods: list[dict[str, Any]], now: Instant) -> Waiting:
    """What a workload's pods say."""
    limit_s = int((workload.get("spec") or {}).get("progressDeadlineSeconds") or STUCK_AFTER_S)
    reasons: set[str] = set()
    stuck = False
    for pod in pods:
        if (pod.get("metadata") or {}).get("deletionTimestamp"):
            continue
        found = _reasons(pod)
        reasons.update(found)
        stuck = stuck or (bool(found) and (_restarts(pod) >= RESTARTS_MAX or _waited_s(pod, now) > limit_s))
    return Waiting(tuple(sorted(reasons)), stuck)


def _containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    status = pod.get("status") or {}
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _reasons(pod: dict[str, Any]) -> list[str]:
    waiting = [(container.get("state") or {}).get("waiting") or {} for container in _containers(pod)]
    found = [_reason(each) for each in waiting if each.get("reason", _STARTING[0]) not in _STARTING]
    conditions = (pod.get("status") or {}).get("conditions") or []
    return found + [_reason(each) for each in conditions if (each.get("type"), each.get("status")) == _NO_NODE]


def _reason(said: dict[str, Any]) -> str:
    return f"{said.get('reason', '')} {said.get('message', '')}".strip()[:REASON_CHARACTERS_MAX]


def _restarts(pod: dict[str, Any]) -> int:
    return max((int(container.get("restartCount") or 0) for container in _containers(pod)), default=0)


def _waited_s(pod: dict[str, Any], now: Instant) -> float:
    """Since it was ready last, or since it was made; 0 where the server says no time."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    unready = (each.get("lastTransitionTime") for each in conditions if _is_unready(each))
    since = next(filter(None, unready), None) or (pod.get("metadata") or {}).get("creationTimestamp")
    try:
        return (now - instant_from_text(str(since))) / SECOND
    except ValueError:
        return 0.0


def _is_unready(condition: dict[str, Any]) -> bool:
    return (condition.get("type"), condition.get("status")) == ("Ready", "False")
