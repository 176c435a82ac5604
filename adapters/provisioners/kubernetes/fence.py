"""The highest fencing token that changed something of a plan in one namespace, and writes that respect it.

An API server has no transaction over two objects. So a newer leader first raises the number, where it outlives every
component, and then writes its number on each object that stands: whatever an older one sees of an object is then of
the past, and each of its writes says what it saw, also that it saw nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from adapters.provisioners.kubernetes.calls import Unconditional
from adapters.provisioners.kubernetes.changes import AlreadyThere, ChangedMeanwhile, Changes, NoSuchPlace, is_created
from adapters.provisioners.kubernetes.objects import annotated, dns_text, fencing_of, label_text, path_of
from adapters.provisioners.look_first import refuse_fenced

TRIES_MAX: Final = 5
"""Controllers write the status of what changes: a few times in the moment between a look and a write."""

NEVER: Final = "1"
"""The `resourceVersion` of no object. An apply that names it makes what is not there and is refused where it is."""


class Fence:
    """The writes of one call under its fencing token; without one (0) they are sent as they are."""

    def __init__(self, changes: Changes, namespace: str, plan: str) -> None:
        self.changes = changes
        self._mandate = changes.mandate
        self._name = f"solvent.{dns_text(label_text(plan))}"
        self._plan = plan
        self._all = path_of("v1", "ConfigMap", namespace)
        self._path = f"{self._all}/{self._name}"

    async def raise_to_own(self) -> None:
        """Make the call's number the highest; nothing where the namespace is not there yet. Refuses the past."""
        if not self._mandate.fencing:
            return
        for _ in range(TRIES_MAX):
            live = await self._checked()
            if fencing_of(live) >= self._mandate.fencing:
                return
            try:
                if live is None:
                    metadata = {"name": self._name, **annotated(self._mandate.fencing)}
                    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"plan": self._plan}}
                    await self.changes.create(self._all, body)
                else:
                    await self._mark(self._path, live)
            except NoSuchPlace:
                return
            except (AlreadyThere, ChangedMeanwhile):
                continue
            return
        raise ChangedMeanwhile(f"{self._path} is written by others all the time", 1.0)

    async def seal(self, objects: Iterable[tuple[str, dict[str, Any]]]) -> bool:
        """Write the call's number on each object that stands under a lower one; whether any was changed."""
        changed = False
        for path, seen in objects if self._mandate.fencing else ():
            one: dict[str, Any] | None = seen
            for _ in range(TRIES_MAX):
                if one is None or fencing_of(one) >= self._mandate.fencing or one["metadata"].get("deletionTimestamp"):
                    break
                changed = True
                try:
                    await self._mark(path, one)
                except ChangedMeanwhile:
                    one = await self.changes.get(path)
                    continue
                break
        return changed

    async def create(self, path: str, body: dict[str, Any]) -> None:
        """Make an object of which only one of two rivals succeeds. Raises `AlreadyThere`."""
        await self._checked()
        name = f"{path}/{body['metadata']['name']}"
        try:
            made = await self.changes.create(path, body)
        except AlreadyThere:
            await self._sealed(name)
            raise
        await self._undo_if_superseded(name, made)

    async def apply(self, path: str, body: dict[str, Any], seen: dict[str, Any] | None) -> None:
        """Server-side apply to the object as it was `seen`; None where nothing stood."""
        if not self._mandate.fencing:
            await self.changes.apply(path, body)
            return
        for _ in range(TRIES_MAX):
            await self._checked()
            try:
                if seen is not None and is_created(seen):
                    seen = await self.changes.own(path, seen)
                made = await self.changes.apply(path, _at(body, seen))
            except ChangedMeanwhile:
                seen = await self._sealed(path)
                continue
            except Unconditional:
                seen = await self._created(path, body)
                continue
            if made is not None:
                await self._undo_if_superseded(path, made)
            return
        raise ChangedMeanwhile(f"{path} is written by others all the time", 1.0)

    async def delete(self, path: str, seen: dict[str, Any]) -> None:
        """Delete that very object as it was seen; done where it is gone or is another one by now."""
        uid = seen["metadata"]["uid"]
        if not self._mandate.fencing:
            await self.changes.delete(path, uid)
            return
        one: dict[str, Any] | None = seen
        for _ in range(TRIES_MAX):
            await self._checked()
            if one is None or one["metadata"]["uid"] != uid:
                return
            try:
                await self.changes.delete(path, uid, one["metadata"]["resourceVersion"])
            except ChangedMeanwhile:
                one = await self.changes.get(path)
                continue
            return
        raise ChangedMeanwhile(f"{path} is written by others all the time", 1.0)

    async def _created(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """What stands after a `create`, which needs no condition to be refused where something stands."""
        try:
            made = await self.changes.create(path.rpartition("/")[0], body)
        except AlreadyThere:
            return await self._sealed(path)
        await self._undo_if_superseded(path, made)
        return made

    async def _sealed(self, path: str) -> dict[str, Any] | None:
        """What stands there after all, sealed: an older call may have made it late, and be about to undo that."""
        await self._checked()
        one = await self.changes.get(path) if self._mandate.fencing else None
        if one is not None and await self.seal([(path, one)]):
            one = await self.changes.get(path)
        return one

    async def _checked(self) -> dict[str, Any] | None:
        """The number's object; raises where a newer leader was here."""
        if not self._mandate.fencing:
            return None
        live = await self.changes.get(self._path)
        refuse_fenced(self._plan, self._mandate, fencing_of(live))
        return live

    async def _mark(self, path: str, live: dict[str, Any]) -> None:
        version = live["metadata"]["resourceVersion"]
        await self.changes.merge(path, {"metadata": {"resourceVersion": version, **annotated(self._mandate.fencing)}})

    async def _undo_if_superseded(self, path: str, made: dict[str, Any]) -> None:
        """What was not there could not be sealed: what was made late is taken away again, unless sealed since."""
        if not self._mandate.fencing:
            return
        newest = fencing_of(await self.changes.get(self._path))
        one: dict[str, Any] | None = made
        for _ in range(TRIES_MAX if newest > self._mandate.fencing else 0):
            if one is None or one["metadata"]["uid"] != made["metadata"]["uid"]:
                break
            if fencing_of(one) > self._mandate.fencing:
                break
            try:
                await self.changes.take_back(path, made["metadata"]["uid"], one["metadata"]["resourceVersion"])
            except ChangedMeanwhile:
                one = await self.changes.get(path)
                continue
            break
        refuse_fenced(self._plan, self._mandate, newest)


def _at(body: dict[str, Any], seen: dict[str, Any] | None) -> dict[str, Any]:
    """The body with what was seen as its condition."""
    if seen is None:
        return {**body, "metadata": {**body["metadata"], "resourceVersion": NEVER}}
    condition = {key: seen["metadata"][key] for key in ("uid", "resourceVersion")}
    return {**body, "metadata": {**body["metadata"], **condition}}
