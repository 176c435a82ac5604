"""What keeps components from being reached: asked before a plan starts, changing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from adapters.provisioners.kubernetes.calls import KubernetesCalls
from adapters.provisioners.kubernetes.connections import Place
from adapters.provisioners.kubernetes.objects import Group, group_of, path_of
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

VERBS: Final = ("get", "list", "create", "patch", "delete")


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """A sentence for each thing that is missing: server, credentials, namespace, permissions."""
    calls = KubernetesCalls(surroundings.clock, surroundings.environment)
    try:
        return await _problems(calls, resources)
    finally:
        await calls.close()


async def _problems(calls: KubernetesCalls, resources: Sequence[Resource]) -> tuple[str, ...]:
    found: list[str] = []
    asked: dict[tuple[Place, str], list[Group]] = {}
    for resource in resources:
        try:
            group = group_of(resource)
        except CallError as error:
            found.append(error.reason)
            continue
        asked.setdefault((group.place, group.options.namespace), []).append(group)
    for (place, namespace), groups in asked.items():
        try:
            found += await _of_namespace(calls, place, namespace, groups)
        except CallError as error:
            found.append(error.reason)
    return tuple(dict.fromkeys(found))


async def _of_namespace(calls: KubernetesCalls, place: Place, namespace: str, groups: list[Group]) -> list[str]:
    makes = all(group.options.create_namespace for group in groups)
    if not makes and await calls.get(place, f"/api/v1/namespaces/{namespace}") is None:
        return [
            f"{place.cluster} has no namespace {namespace}: create it, or say `create_namespace: true` in the options"
        ]
    kinds = {(each["apiVersion"], each["kind"]) for group in groups for each in group.options.objects}
    refused: list[str] = []
    for api_version, kind in sorted({*kinds, ("v1", "ConfigMap")}):
        plural = path_of(api_version, kind, namespace).rsplit("/", 1)[-1]
        api_group = api_version.partition("/")[0] if "/" in api_version else ""
        asked = {"namespace": namespace, "group": api_group, "resource": plural}
        verbs = [verb for verb in VERBS if not await _may(calls, place, {**asked, "verb": verb})]
        if verbs:
            refused.append(f"{', '.join(verbs)} {plural}")
    if not refused:
        return []
    account = f"solvent's account may not {'; '.join(refused)} in the namespace {namespace} of {place.cluster}"
    return [f"{account}: give it the role that docs/provisioners/kubernetes.md lists"]


async def _may(calls: KubernetesCalls, place: Place, attributes: dict[str, str]) -> bool:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await calls.review(place, body)
    return bool((answer.get("status") or {}).get("allowed"))
