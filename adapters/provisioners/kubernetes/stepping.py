"""Acting: the record first, then server-side apply object by object; what serves comes last."""

from __future__ import annotations

from typing import Any, Final

from adapters.provisioners.kubernetes.changes import AlreadyThere, Changes
from adapters.provisioners.kubernetes.fence import Fence
from adapters.provisioners.kubernetes.inventory import FIELD, inventory_text
from adapters.provisioners.kubernetes.judging import Live, judged, tag_of
from adapters.provisioners.kubernetes.names import check_adopted, read_name
from adapters.provisioners.kubernetes.objects import (
    PLAN,
    TOKEN,
    Group,
    Tag,
    group_of,
    is_of,
    labels_of,
    path_of,
    record,
    wished,
)
from adapters.provisioners.kubernetes.observing import KubernetesObserver
from adapters.provisioners.look_first import done_already
from config.provisioner_options.kubernetes_manifests import SCALED
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import FoundResource, StepBegun, StepDone, StepOrder

_GOAL: Final = {
    Step.WARM: ResourceState.WARM,
    Step.ACTIVATE: ResourceState.HOT,
    Step.DEACTIVATE: ResourceState.WARM,
    Step.DECOMMISSION: ResourceState.ABSENT,
}


class KubernetesProvisioner(KubernetesObserver):
    """The whole. Held to `tests/contracts/provisioner.py`."""

    async def take(self, step: Step, order: StepOrder) -> StepDone | StepBegun:
        """The four steps.

        * `warm`: apply everything with zero replicas, CronJobs suspended, Jobs left out.
        * `activate`: apply the wished replicas; done once they are ready.
        * `deactivate`: back to zero replicas; done once the pods are gone. Claims for storage stay.
        * `decommission`: delete what carries the component's labels, the record last.

        Each step also deletes what earlier manifests named and the present ones do not, unless `prune` is false;
        decommissioning always.
        """
        group = group_of(order.resource)
        check_adopted(group)
        changes = Changes(self._calls, group.place, order.mandate, order.deadline_at)
        fence = Fence(changes, group.options.namespace, group.resource.plan)
        await fence.raise_to_own()
        live = await self._live(group, order.deadline_at)
        if await fence.seal(_owned(group, live)):
            live = await self._live(group, order.deadline_at)
        seen = await self._seen(group, live)
        if done := done_already(step, order, seen):
            return done
        if seen.foreign_writer:
            raise Permanent(f"{group.name}: {seen.foreign_writer}")
        newest = tag_of(group, live).generation
        if order.generation < newest:
            raise Permanent(f"{group.name}: generation {newest} stands, {order.generation} is of the past")
        if step is Step.DECOMMISSION:
            await self._delete(group, live, fence)
        else:
            await self._claim(group, live, order, fence, absent=seen.state is ResourceState.ABSENT)
            await self._apply(group, live, order, fence, on=step is Step.ACTIVATE)
            if group.options.prune:
                await self._prune(group, live, fence)
        after = judged(group, await self._live(group, order.deadline_at))
        if after.state is _GOAL[step] and not after.differences:
            return StepDone()
        return StepBegun(detail=after.detail, look_after_s=after.look_after_s)

    async def remove(self, found: FoundResource, mandate: Mandate) -> StepDone:
        """Delete one listed object, if it still carries the token that was listed."""
        named = read_name(found.name)
        changes = Changes(self._calls, named.place, mandate)
        live = await changes.get(named.path)
        if live is None:
            raise Permanent(f"{found.name} is not there any more")
        if labels_of(live).get(TOKEN, "") != found.token:
            raise Permanent(f"{found.name} no longer carries the token {found.token}: list again")
        fence = Fence(changes, named.namespace, labels_of(live).get(PLAN, ""))
        await fence.raise_to_own()
        await fence.delete(named.path, live)
        return StepDone()

    async def _claim(self, group: Group, live: Live, order: StepOrder, fence: Fence, *, absent: bool) -> None:
        """Put the order's tag on the record: the one write in which only one of two rivals succeeds.

        The record names every object before it is made, so that none is forgotten when the manifests change.
        """
        tag, objects = _tag(order), inventory_text(group, (entry for entry, _ in live.former))
        if live.record is not None:
            if tag_of(group, live) != tag or (live.record.get("data") or {}).get(FIELD) != objects:
                version = live.record["metadata"]["resourceVersion"]
                metadata = {"labels": tag.labels, "resourceVersion": version}
                await fence.changes.merge(group.record_path, {"metadata": metadata, "data": {FIELD: objects}})
            return
        if group.options.create_namespace and absent:
            await self._make_namespace(group, fence.changes)
            await fence.raise_to_own()
        try:
            await fence.create(path_of("v1", "ConfigMap", group.options.namespace), record(group, tag, objects))
        except AlreadyThere:
            token = labels_of(await fence.changes.get(group.record_path) or {}).get(TOKEN, "")
            if token != order.token:
                raise Permanent(
                    f"{group.name} is there already under the token {token}, not under {order.token}: "
                    "adopt or remove it"
                ) from None

    async def _make_namespace(self, group: Group, changes: Changes) -> None:
        name = group.options.namespace
        if await changes.get(f"/api/v1/namespaces/{name}") is not None:
            return
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        try:
            await changes.create("/api/v1/namespaces", body)
        except AlreadyThere:
            return

    async def _apply(self, group: Group, live: Live, order: StepOrder, fence: Fence, *, on: bool) -> None:
        tag = _tag(order)
        for manifest, one in live.objects:
            made = wished(manifest, tag, on=on)
            if made is not None:
                await fence.apply(group.path(manifest), made, one)
            elif one is not None:
                await fence.delete(group.path(manifest), one)

    async def _prune(self, group: Group, live: Live, fence: Fence) -> None:
        for entry, one in live.former:
            await fence.delete(entry.path(group), one)

    async def _delete(self, group: Group, live: Live, fence: Fence) -> None:
        """What serves goes first; a claim of a stateful component stays, and what carries no label of ours."""
        await self._prune(group, live, fence)
        for manifest, one in reversed(live.objects):
            if one is None or not is_of(group, one) or self._is_kept(group, manifest):
                continue
            await fence.delete(group.path(manifest), one)
        if live.record is not None:
            await fence.delete(group.record_path, live.record)

    @staticmethod
    def _is_kept(group: Group, manifest: dict[str, Any]) -> bool:
        if manifest["kind"] == "PersistentVolumeClaim" and group.resource.stateful:
            return True
        return not group.options.remove_on_cold and manifest["kind"] not in SCALED


def _owned(group: Group, live: Live) -> list[tuple[str, dict[str, Any]]]:
    """Where each live object of the component stands, the record first."""
    found = [(group.record_path, live.record)] if live.record is not None else []
    found += [(group.path(manifest), one) for manifest, one in live.objects if one is not None and is_of(group, one)]
    return found + [(entry.path(group), one) for entry, one in live.former]


def _tag(order: StepOrder) -> Tag:
    return Tag(order.resource.plan, order.resource.component, order.token, order.generation)
