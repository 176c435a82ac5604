"""Looking: nothing but GET requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from adapters.provisioners.kubernetes.calls import KubernetesCalls
from adapters.provisioners.kubernetes.connections import Place
from adapters.provisioners.kubernetes.judging import Live, judged
from adapters.provisioners.kubernetes.objects import (
    COMPONENT,
    GENERATION,
    PLAN,
    RECORD_KIND,
    TOKEN,
    Group,
    called,
    group_of,
    is_scaled,
    label_text,
    labels_of,
    path_of,
)
from config.instants import Instant
from config.provisioner_options.kubernetes_manifests import API_VERSIONS, SCALED
from machines.observations import Observation, ResourceState
from machines.ports.clock import Clock
from machines.ports.provisioner import FoundResource, Resource

KIND: Final = "kubernetes"
_STARTING: Final = ("ContainerCreating", "PodInitializing")
_NO_NODE: Final = ("PodScheduled", "False")
_NEVER_LISTED: Final = "PersistentVolumeClaim"
"""What it holds outlives its component, so it is nobody's to remove as an orphan."""


class KubernetesObserver:
    """The half that looks. Held to `tests/contracts/provisioner.py`."""

    kind = KIND

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        """`environment` is asked for KUBECONFIG and HOME."""
        self._calls = KubernetesCalls(clock, environment)

    async def observe(self, resource: Resource) -> Observation:
        """Get the record and every object of the manifests, one after the other."""
        group = group_of(resource)
        live = await self._live(group)
        seen = judged(group, live)
        if seen.state is ResourceState.CHANGING and any(
            manifest["kind"] in ("Deployment", "StatefulSet") for manifest, _ in live.objects
        ):
            return await self._with_reasons(group, live, seen)
        return await self._with_reasons(group, live, seen) if seen.state is ResourceState.BROKEN else seen

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
        return Live(record, objects)

    async def _with_reasons(self, group: Group, live: Live, seen: Observation) -> Observation:
        """The same, with why pods wait, such as an image that cannot be pulled."""
        reasons: list[str] = []
        for manifest, one in live.objects:
            labels = ((one or {}).get("spec") or {}).get("selector") or {}
            if one is None or not is_scaled(manifest) or not labels.get("matchLabels"):
                continue
            selector = ",".join(f"{key}={value}" for key, value in sorted(labels["matchLabels"].items()))
            path = path_of("v1", "Pod", group.options.namespace)
            pods = await self._calls.items(group.place, path, {"labelSelector": selector})
            reasons += [f"{called(manifest)}: {reason}" for reason in sorted(set(_waiting(pods)))]
        if not reasons:
            return seen
        return msgspec.structs.replace(seen, detail="; ".join([seen.detail, *reasons[:3]]))

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


def _waiting(pods: list[dict[str, Any]]) -> list[str]:
    found = []
    for pod in pods:
        status = pod.get("status") or {}
        containers = (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])
        waiting = [(container.get("state") or {}).get("waiting") or {} for container in containers]
        found += [_reason(each) for each in waiting if each.get("reason", _STARTING[0]) not in _STARTING]
        conditions = status.get("conditions") or []
        found += [_reason(each) for each in conditions if (each.get("type"), each.get("status")) == _NO_NODE]
    return found


def _reason(said: dict[str, Any]) -> str:
    return f"{said.get('reason', '')} {said.get('message', '')}".strip()[:200]


def _resource(place: Place, namespace: str, api_version: str, kind: str, item: dict[str, Any]) -> FoundResource:
    labels = labels_of(item)
    # Whoever removes it may be another process, which knows nothing but the name.
    extra = {"kubeconfig": place.kubeconfig, "context": place.context}
    extra["api"] = api_version if api_version != API_VERSIONS[kind][0] else ""
    query = urlencode({key: value for key, value in extra.items() if value})
    name = f"{place.cluster}/{namespace}/{kind}/{item['metadata']['name']}" + (f"?{query}" if query else "")
    generation = labels.get(GENERATION, "")
    return FoundResource(
        kind=KIND,
        name=name,
        component=labels.get(COMPONENT, ""),
        token=labels.get(TOKEN, ""),
        generation=int(generation) if generation.isdigit() else None,
        detail=f"{kind} made {item['metadata'].get('creationTimestamp', 'at an unknown time')}",
    )
