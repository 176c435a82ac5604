"""What live objects mean as one of the states of a component."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from adapters.provisioners.kubernetes.differences import differences
from adapters.provisioners.kubernetes.inventory import Entry
from adapters.provisioners.kubernetes.objects import (
    GENERATION,
    TOKEN,
    Group,
    Tag,
    called,
    is_of,
    is_scaled,
    labels_of,
    replicas,
    wished,
)
from machines.observations import Observation, ResourceState

LOOK_AFTER_S: Final = 2.0
_SCALE_FIELDS: Final = {
    "Deployment": ("f:spec", "f:replicas"),
    "StatefulSet": ("f:spec", "f:replicas"),
    "CronJob": ("f:spec", "f:suspend"),
}


class Live(msgspec.Struct, frozen=True):
    """One look: the record, and each object of the manifests beside what stands under its name."""

    record: dict[str, Any] | None
    objects: list[tuple[dict[str, Any], dict[str, Any] | None]]
    former: list[tuple[Entry, dict[str, Any]]] = []
    """What still stands of earlier manifests under the component's labels, and is not being deleted."""


class _Workload(msgspec.Struct, frozen=True):
    on: bool
    settled: bool
    ready: int
    text: str
    failure: str = ""


def judged(group: Group, live: Live) -> Observation:
    """The observation; the failure of a pod is not looked for here."""
    tokens = _tokens(group, live)
    foreign = _foreign_writer(group, live)
    # What was kept of an earlier life (claims, or everything else by `remove_on_cold: false`) does not stand by itself.
    standing = [one for manifest, one in live.objects if one is not None and is_scaled(manifest)]
    if live.record is None and not standing:
        return Observation(ResourceState.ABSENT, foreign_writer=_rival(group, live))
    every = [one for _, one in live.objects if one is not None] + ([live.record] if live.record else [])
    leaving = [one for one in every if one["metadata"].get("deletionTimestamp")]
    if leaving:
        detail = f"{leaving[0].get('kind', 'an object')} {leaving[0]['metadata']['name']} is being deleted"
        return Observation(ResourceState.CHANGING, tokens, detail=detail, look_after_s=LOOK_AFTER_S)
    missing = [called(manifest) for manifest, one in live.objects if one is None and manifest["kind"] != "Job"]
    if missing and live.record is not None:
        return Observation(ResourceState.BROKEN, tokens, detail=f"{', '.join(missing[:5])} is missing")
    return _of_workloads(group, live, tokens, foreign)


def _of_workloads(group: Group, live: Live, tokens: tuple[str, ...], foreign: str) -> Observation:
    percent = group.options.ready_percent
    workloads = [_workload(manifest, one, percent) for manifest, one in live.objects if is_scaled(manifest)]
    units = sum(each.ready for each in workloads)
    text = ", ".join(each.text for each in workloads)
    if live.former and not group.options.prune:
        text += f"; of earlier manifests stands {', '.join(entry.called for entry, _ in live.former[:5])}"
    failures = [each.failure for each in workloads if each.failure]
    if failures:
        return Observation(ResourceState.BROKEN, tokens, units, detail="; ".join(failures), foreign_writer=foreign)
    on = all(each.on for each in workloads)
    if not on and any(each.on for each in workloads):
        detail = f"some run and some do not: {text}"
        return Observation(ResourceState.BROKEN, tokens, units, detail=detail, foreign_writer=foreign)
    changed = () if foreign or live.record is None else _differences(group, live, on=on)
    if not all(each.settled for each in workloads):
        return Observation(
            ResourceState.CHANGING,
            tokens,
            units,
            detail=text,
            differences=changed if on else (),
            foreign_writer=foreign,
            look_after_s=LOOK_AFTER_S,
            interruptible=on,  # the pods of what is off are ending already
        )
    state = ResourceState.HOT if on else ResourceState.WARM
    return Observation(state, tokens, units, detail=text, differences=changed, foreign_writer=foreign)


def _workload(manifest: dict[str, Any], live: dict[str, Any] | None, ready_percent: int) -> _Workload:
    name = called(manifest)
    if live is None:
        return _Workload(on=False, settled=True, ready=0, text=f"{name} is not there")
    status = live.get("status") or {}
    if manifest["kind"] == "CronJob":
        on = not live["spec"].get("suspend", False)
        text = f"{name} is {'scheduled' if on else 'suspended'}"
        return _Workload(on=on, settled=True, ready=int(on), text=text)
    if manifest["kind"] == "Job":
        failed = _condition(status, "Failed")
        failure = f"{name} failed: {failed.get('message', '')}" if failed else ""
        return _Workload(on=True, settled=True, ready=1, text=f"{name} is there", failure=failure)
    return _replicated(manifest, live, status, ready_percent)


def _replicated(
    manifest: dict[str, Any], live: dict[str, Any], status: dict[str, Any], ready_percent: int
) -> _Workload:
    name, asked = called(manifest), int(live["spec"].get("replicas", 1))
    ready, pods = int(status.get("readyReplicas") or 0), int(status.get("replicas") or 0)
    seen = int(status.get("observedGeneration") or 0) >= int(live["metadata"].get("generation") or 0)
    updated = int(status.get("updatedReplicas") or 0)
    # Fewer ready than the manifest wishes is a difference where somebody scaled it down, not a wait without end.
    enough = ready * 100 >= min(asked, replicas(manifest)) * ready_percent
    settled = seen and (enough and updated >= asked if asked else pods == 0)
    failure = ""
    stuck = _condition(status, "Progressing", "False")
    if asked and seen and not settled and stuck.get("reason") == "ProgressDeadlineExceeded":
        failure = f"{name}: {ready} of {asked} ready, {stuck.get('message', 'progress deadline exceeded')}"
    text = f"{name}: {ready} of {asked} ready"
    # Pods that the server itself refuses, by a quota or an admission rule, are never there to say so.
    if asked and not settled and (refused := _condition(status, "ReplicaFailure").get("message")):
        text = f"{text}, {refused}"
    return _Workload(on=asked > 0, settled=settled, ready=ready, text=text, failure=failure)


def _condition(status: dict[str, Any], kind: str, value: str = "True") -> dict[str, Any]:
    for condition in status.get("conditions") or []:
        if condition.get("type") == kind and condition.get("status") == value:
            return dict(condition)
    return {}


def _tokens(group: Group, live: Live) -> tuple[str, ...]:
    """The record's token; without a record those of the workloads, "" for one that nobody tagged."""
    if live.record is not None:
        return (labels_of(live.record).get(TOKEN, ""),)
    workloads = [one for manifest, one in live.objects if one is not None and is_scaled(manifest)]
    found = {labels_of(one).get(TOKEN, "") if is_of(group, one) else "" for one in workloads}
    return tuple(sorted(found))


def tag_of(group: Group, live: Live) -> Tag:
    """The tag that the record carries; of generation 0 where none stands."""
    labels = labels_of(live.record or {})
    generation = labels.get(GENERATION, "0")
    return Tag(
        group.resource.plan,
        group.resource.component,
        labels.get(TOKEN, ""),
        int(generation) if generation.isdigit() else 0,
    )


def _differences(group: Group, live: Live, *, on: bool) -> tuple[str, ...]:
    tag = tag_of(group, live)
    found: list[str] = []
    for manifest, one in live.objects:
        made = wished(manifest, tag, on=on)
        if made is not None and one is not None:
            found += differences(made, one)
    if group.options.prune:
        found += [
            f"{entry.called} is no longer in the manifests and goes with the next step" for entry, _ in live.former
        ]
    return tuple(found)


def _foreign_writer(group: Group, live: Live) -> str:
    """Who else owns the number of replicas, of those objects that solvent made or is to adopt."""
    if rival := _rival(group, live):
        return rival
    for manifest, one in live.objects:
        path = _SCALE_FIELDS.get(manifest["kind"])
        if one is None or path is None or live.record is None:
            continue
        for entry in one["metadata"].get("managedFields") or []:
            fields = entry.get("fieldsV1") or {}
            if entry.get("manager") != "solvent" and path[1] in (fields.get(path[0]) or {}):
                field = f"spec.{path[1][2:]}"
                return (
                    f"{entry.get('manager', 'somebody')} also writes {field} of {called(manifest)}: let only one do so"
                )
    return ""


def _rival(group: Group, live: Live) -> str:
    """Another component that has one of these objects already."""
    for manifest, one in live.objects:
        labels = labels_of(one or {})
        if one is not None and "solvent/component" in labels and not is_of(group, one):
            other = f"{labels.get('solvent/plan', '?')}/{labels['solvent/component']}"
            return f"{called(manifest)} belongs to the component {other}: name it otherwise in one of the two"
    return ""
