"""Acting: the record first, then server-side apply object by object; what serves comes last."""

from __future__ import annotations

from typing import Any, Final

from adapters.provisioners.kubernetes.calls import AlreadyThere
from adapters.provisioners.kubernetes.inventory import FIELD, inventory_text
from adapters.provisioners.kubernetes.judging import Live, judged, tag_of
from adapters.provisioners.kubernetes.names import check_adopted, read_name
from adapters.provisioners.kubernetes.objects import (
    TOKEN,
    Group,
    Tag,
    annotated,
    fencing_of,
    group_of,
    is_of,
    labels_of,
    path_of,
    record,
    wished,
)
from adapters.provisioners.kubernetes.observing import KubernetesObserver
from adapters.provisioners.look_first import done_already, refuse_fenced
from config.instants import Instant
from config.provisioner_options.kubernetes_manifests import SCALED
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent
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
        live = await self._live(group, order.deadline_at)
        seen = await self._seen(group, live)
        if done := done_already(step, order, seen):
            return done
        if seen.foreign_writer:
            raise Permanent(f"{group.name}: {seen.foreign_writer}")
        newest = tag_of(group, live).generation
        if order.generation < newest:
            raise Permanent(f"{group.name}: generation {newest} stands, {order.generation} is of the past")
        refuse_fenced(group.name, order.fencing, fencing_of(live.record))
        if step is Step.DECOMMISSION:
            await self._delete(group, live, order.deadline_at)
        else:
            await self._claim(group, live, order, seen.state)
            await self._apply(group, live, order, on=step is Step.ACTIVATE)
            if group.options.prune:
                await self._prune(group, live, order.deadline_at)
        after = judged(group, await self._live(group, order.deadline_at))
        if after.state is _GOAL[step] and not after.differences:
            return StepDone()
        return StepBegun(detail=after.detail, look_after_s=after.look_after_s)

    async def remove(self, found: FoundResource) -> StepDone:
        """Delete one listed object, if it still carries the token that was listed."""
        named = read_name(found.name)
        live = await self._calls.get(named.place, named.path)
        if live is None:
            raise Permanent(f"{found.name} is not there any more")
        if labels_of(live).get(TOKEN, "") != found.token:
            raise Permanent(f"{found.name} no longer carries the token {found.token}: list again")
        await self._calls.delete(named.place, named.path, live["metadata"]["uid"], None)
        return StepDone()

    async def _claim(self, group: Group, live: Live, order: StepOrder, state: ResourceState) -> None:
        """Put the order's tag on the record: the one write in which only one of two rivals succeeds.

        The record names every object before it is made, so that none is forgotten when the manifests change.
        """
        place, namespace, tag = group.place, group.options.namespace, _tag(order)
        objects = inventory_text(group, (entry for entry, _ in live.former))
        if live.record is not None:
            newer = order.fencing > fencing_of(live.record)
            if newer or tag_of(group, live) != tag or (live.record.get("data") or {}).get(FIELD) != objects:
                version = live.record["metadata"]["resourceVersion"]
                metadata = {"labels": tag.labels, "resourceVersion": version, **annotated(order.fencing)}
                body = {"metadata": metadata, "data": {FIELD: objects}}
                await self._calls.merge(place, group.record_path, body, order.deadline_at)
            return
        if group.options.create_namespace and state is ResourceState.ABSENT:
            await self._make_namespace(group, order.deadline_at)
        records = path_of("v1", "ConfigMap", namespace)
        try:
            await self._calls.create(place, records, record(group, tag, objects, order.fencing), order.deadline_at)
        except AlreadyThere:
            other = await self._calls.get(place, group.record_path, deadline_at=order.deadline_at)
            token = labels_of(other or {}).get(TOKEN, "")
            if token != order.token:
                raise Permanent(
                    f"{group.name} is there already under the token {token}, not under {order.token}: "
                    "adopt or remove it"
                ) from None

    async def _make_namespace(self, group: Group, deadline_at: Instant) -> None:
        name = group.options.namespace
        if await self._calls.get(group.place, f"/api/v1/namespaces/{name}", deadline_at=deadline_at) is not None:
            return
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        try:
            await self._calls.create(group.place, "/api/v1/namespaces", body, deadline_at)
        except AlreadyThere:
            return

    async def _apply(self, group: Group, live: Live, order: StepOrder, *, on: bool) -> None:
        tag = _tag(order)
        for manifest, one in live.objects:
            made = wished(manifest, tag, on=on)
            path = group.path(manifest)
            if made is not None:
                await self._calls.apply(group.place, path, made, order.deadline_at)
            elif one is not None:
                await self._calls.delete(group.place, path, one["metadata"]["uid"], order.deadline_at)

    async def _prune(self, group: Group, live: Live, deadline_at: Instant) -> None:
        for entry, one in live.former:
            await self._calls.delete(group.place, entry.path(group), one["metadata"]["uid"], deadline_at)

    async def _delete(self, group: Group, live: Live, deadline_at: Instant) -> None:
        """What serves goes first; a claim of a stateful component stays, and what carries no label of ours."""
        await self._prune(group, live, deadline_at)
        for manifest, one in reversed(live.objects):
            if one is None or not is_of(group, one) or self._is_kept(group, manifest):
                continue
            await self._calls.delete(group.place, group.path(manifest), one["metadata"]["uid"], deadline_at)
        if live.record is not None:
            await self._calls.delete(group.place, group.record_path, live.record["metadata"]["uid"], deadline_at)

    @staticmethod
    def _is_kept(group: Group, manifest: dict[str, Any]) -> bool:
        if manifest["kind"] == "PersistentVolumeClaim" and group.resource.stateful:
            return True
        return not group.options.remove_on_cold and manifest["kind"] not in SCALED


def _tag(order: StepOrder) -> Tag:
    return Tag(order.resource.plan, order.resource.component, order.token, order.generation)
