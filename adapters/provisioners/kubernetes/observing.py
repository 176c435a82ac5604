"""Looking: nothing but GET requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from adapters.provisioners.kubernetes.calls import KubernetesCalls
from adapters.provisioners.kubernetes.connections import Place
from adapters.provisioners.kubernetes.inventory import Entry, former_entries
from adapters.provisioners.kubernetes.judging import Live, judged
from adapters.provisioners.kubernetes.names import check_adopted, found_name
from adapters.provisioners.kubernetes.objects import (
    COMPONENT,
    GENERATION,
    PLAN,
    RECORD_KIND,
    TOKEN,
    Group,
    called,
    group_of,
    is_of,
    is_scaled,
    label_text,
    labels_of,
    path_of,
)
from adapters.provisioners.kubernetes.waiting import waiting_of
from config.instants import Instant
from config.provisioner_options.kubernetes_manifests import API_VERSIONS, SCALED
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.faults import Permanent
from machines.ports.provisioner import FoundResource, Resource

KIND: Final = "kubernetes"
REASONS_MAX: Final = 3
_NEVER_LISTED: Final = "PersistentVolumeClaim"
"""What it holds outlives its component, so it is nobody's to remove as an orphan."""


class KubernetesObserver:
    """The half that looks. Held to `tests/contracts/provisioner.py`."""

    kind = KIND

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        """`environment` is asked for KUBECONFIG and HOME."""
        self._clock = clock
        self._calls = KubernetesCalls(clock, environment)

    async def observe(self, resource: Resource) -> Observation:
        """Get the record and every object of the manifests, one after the other; where they wait, their pods.

        Raises `Permanent` for options that are not this kind's, and for an adopted name that they do not lead to.
        """
        group = group_of(resource)
        check_adopted(group)
        return await self._seen(group, await self._live(group))

    async def list_resources(self, plan: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """Every object that carries the plan's label in the namespaces of `known`, claims for storage excepted.

        Of a component without a record only workloads: what `remove_on_cold: false` kept is no orphan.
        """
        places = {(group.place, group.options.namespace) for group in map(group_of, known)}
        found: list[FoundResource] = []
        for place, namespace in sorted(places, key=str):
            found += await self._listed(place, namespace, plan)
        return tuple(found)

    async def close(self) -> None:
        """Close connections and threads."""
        await self._calls.close()

    async def _live(self, group: Group, deadline_at: Instant | None = None) -> Live:
        record = await self._calls.get(group.place, group.record_path, deadline_at=deadline_at)
        objects = [
            (manifest, await self._calls.get(group.place, group.path(manifest), deadline_at=deadline_at))
            for manifest in group.options.objects
        ]
        former: list[tuple[Entry, dict[str, Any]]] = []
        for entry in former_entries(group, record):
            one = await self._calls.get(group.place, entry.path(group), deadline_at=deadline_at)
            if one is not None and is_of(group, one) and not one["metadata"].get("deletionTimestamp"):
                former.append((entry, one))
        return Live(record, objects, former)

    async def _seen(self, group: Group, live: Live) -> Observation:
        """What the objects mean, and where they wait, their pods: a step must not judge otherwise than a look."""
        seen = judged(group, live)
        if seen.state not in (ResourceState.CHANGING, ResourceState.BROKEN):
            return seen
        return await self._with_reasons(group, live, seen)

    async def _with_reasons(self, group: Group, live: Live, seen: Observation) -> Observation:
        """The same, with why pods wait; broken where a workload has none ready and waits in vain.

        An account that may not list pods sees what the workloads themselves say.
        """
        reasons: list[str] = []
        stuck = False
        for manifest, one in live.objects:
            labels = (((one or {}).get("spec") or {}).get("selector") or {}).get("matchLabels")
            if one is None or not is_scaled(manifest) or not labels or one["spec"].get("replicas") == 0:
                continue
            selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
            path = path_of("v1", "Pod", group.options.namespace)
            try:
                pods = await self._calls.items(group.place, path, {"labelSelector": selector})
            except Permanent:
                return seen
            waiting = waiting_of(one, pods, self._clock.wall())
            reasons += [f"{called(manifest)}: {reason}" for reason in waiting.reasons]
            stuck = stuck or (waiting.stuck and not (one.get("status") or {}).get("readyReplicas"))
        if not reasons:
            return seen
        detail = "; ".join([seen.detail, *reasons[:REASONS_MAX]])
        if not stuck:
            return msgspec.structs.replace(seen, detail=detail)
        return msgspec.structs.replace(seen, state=ResourceState.BROKEN, detail=detail, look_after_s=None)

    async def _listed(self, place: Place, namespace: str, plan: str) -> list[FoundResource]:
        selector = {"labelSelector": f"{PLAN}={label_text(plan)}"}
        found: list[tuple[str, str, dict[str, Any]]] = []
        for kind, api_versions in API_VERSIONS.items():
            for api_version in api_versions:
                items = await self._calls.items(place, path_of(api_version, kind, namespace), selector)
                found += [(api_version, kind, item) for item in items]
                if items:
                    break
        recorded = {labels_of(item).get(COMPONENT) for _, kind, item in found if _is_record(kind, item)}
        return [
            _resource(place, namespace, api_version, kind, item)
            for api_version, kind, item in found
            if kind != _NEVER_LISTED and (kind in SCALED or labels_of(item).get(COMPONENT) in recorded)
        ]


def _is_record(kind: str, item: dict[str, Any]) -> bool:
    return kind == RECORD_KIND and str(item["metadata"]["name"]).startswith("solvent.")


def _resource(place: Place, namespace: str, api_version: str, kind: str, item: dict[str, Any]) -> FoundResource:
    labels = labels_of(item)
    generation = labels.get(GENERATION, "")
    return FoundResource(
        kind=KIND,
        name=found_name(place, namespace, api_version, kind, item["metadata"]["name"]),
        component=labels.get(COMPONENT, ""),
        token=labels.get(TOKEN, ""),
        generation=int(generation) if generation.isdigit() else None,
        detail=f"{kind} made {item['metadata'].get('creationTimestamp', 'at an unknown time')}",
    )
