"""The requests that change something, each under the mandate of its call."""

from __future__ import annotations

from typing import Any, Final

from adapters.provisioners.kubernetes.calls import KubernetesCalls
from adapters.provisioners.kubernetes.connections import Answer, Place, Request
from config.instants import Instant
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate

FIELD_MANAGER: Final = "solvent"
RETRY_S: Final = 1.0
"""After somebody else wrote the same object at the same moment."""


class AlreadyThere(Exception):
    """A conditional create found the name taken; stays inside this package."""


class NoSuchPlace(Permanent):
    """A create found no namespace; stays inside this package where nothing can stand without one."""


class ChangedMeanwhile(Transient):
    """An object is not at the `resourceVersion` that was seen: nothing was written."""


class Changes:
    """What one step, or one removal, may send to one API server. The half that looks constructs none."""

    def __init__(
        self, calls: KubernetesCalls, place: Place, mandate: Mandate, deadline_at: Instant | None = None
    ) -> None:
        """Every request asks the mandate right before it is sent."""
        self.place = place
        self.mandate = mandate
        self._calls = calls
        self._deadline_at = deadline_at

    async def get(self, path: str) -> dict[str, Any] | None:
        """An object; None where the server says that there is none."""
        return await self._calls.get(self.place, path, deadline_at=self._deadline_at)

    async def create(self, path: str, body: Any) -> dict[str, Any]:
        """Make an object that is not there, and return it. Raises `AlreadyThere` and `NoSuchPlace`."""
        answer = await self._send(Request("POST", path, {"fieldManager": FIELD_MANAGER}, body))
        if answer.status == 409:
            raise AlreadyThere
        if answer.status == 404:
            raise NoSuchPlace(f"{self.place.cluster}: {answer.body.get('message', f'{path} is not there')}")
        return answer.body

    async def apply(self, path: str, body: Any) -> dict[str, Any] | None:
        """Server-side apply, never by force: what another manager owns is a conflict and `Permanent`.

        Returns what was made; None where it was there. A body with a `resourceVersion` that is of the past, and one
        that was written at the same moment, is `ChangedMeanwhile`.
        """
        query = {"fieldManager": FIELD_MANAGER, "force": "false"}
        answer = await self._send(Request("PATCH", path, query, body, "application/apply-patch+yaml"))
        if answer.status == 404:
            raise Permanent(
                f"{self.place.cluster}: {path} cannot be applied ({answer.body.get('message', 'not found')}); does the "
                "namespace exist, and does the server serve this apiVersion? `create_namespace: true` makes the former"
            )
        if answer.status == 409:
            raise self._conflict(path, answer)
        return answer.body if answer.status == 201 else None

    async def merge(self, path: str, body: Any) -> dict[str, Any]:
        """Merge into an object under the `resourceVersion` of the body, and return it. Raises `ChangedMeanwhile`."""
        query = {"fieldManager": FIELD_MANAGER}
        answer = await self._send(Request("PATCH", path, query, body, "application/merge-patch+json"))
        if answer.status in (404, 409):
            raise self._changed(path, "was changed by somebody else at the same moment")
        return answer.body

    async def own(self, path: str, live: dict[str, Any]) -> dict[str, Any]:
        """Hand the fields that a `create` of ours owns to our apply: only so can a later one take them out again."""
        metadata = live["metadata"]
        entries = [_handed_over(each) if _is_created(each) else each for each in metadata["managedFields"]]
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"], "managedFields": entries}}
        return await self.merge(path, body)

    async def delete(self, path: str, uid: str, version: str = "") -> None:
        """Delete that very object with what it owns; done where it is gone or is another one by now.

        With a `version`, the object must stand as it was seen. Raises `ChangedMeanwhile` where it does not.
        """
        await self._deleted(path, uid, version, self.mandate)

    async def take_back(self, path: str, uid: str, version: str) -> None:
        """The same for what this very call made and nobody else has seen: the one change that needs no lead."""
        await self._deleted(path, uid, version, Mandate())

    async def _deleted(self, path: str, uid: str, version: str, mandate: Mandate) -> None:
        seen = {"uid": uid, **({"resourceVersion": version} if version else {})}
        request = Request("DELETE", path, {}, {"propagationPolicy": "Background", "preconditions": seen})
        answer = await self._calls.send(self.place, request, self._deadline_at, mandate)
        if version and answer.status == 409:
            raise self._changed(path, "was changed by somebody else at the same moment")

    async def _send(self, request: Request) -> Answer:
        return await self._calls.send(self.place, request, self._deadline_at, self.mandate)

    def _changed(self, path: str, how: str) -> ChangedMeanwhile:
        return ChangedMeanwhile(f"{self.place.cluster}: {path} {how}", RETRY_S)

    def _conflict(self, path: str, answer: Answer) -> Permanent | ChangedMeanwhile:
        causes = (answer.body.get("details") or {}).get("causes") or []
        contested = [cause for cause in causes if cause.get("reason") == "FieldManagerConflict"]
        if not contested:
            return self._changed(path, str(answer.body.get("message", "was changed at the same moment")))
        fields = "; ".join(f"{cause.get('field', '?')}: {cause.get('message', '?')}" for cause in contested[:5])
        return Permanent(
            f"{self.place.cluster}: {path} is contested ({fields}). Take the field out of the manifest or take it from "
            "the other manager; solvent never applies by force"
        )


def is_created(live: dict[str, Any]) -> bool:
    """Whether fields of the object's spec belong to a `create` of ours, not to our apply."""
    return any(_is_created(entry) for entry in live["metadata"].get("managedFields") or ())


def _is_created(entry: dict[str, Any]) -> bool:
    ours = (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Update")
    return ours and "f:spec" in (entry.get("fieldsV1") or {})


def _handed_over(entry: dict[str, Any]) -> dict[str, Any]:
    """Without annotations: a newer leader's number may be among them, and no apply may take that out."""
    fields = entry["fieldsV1"]
    metadata = {key: owned for key, owned in fields.get("f:metadata", {}).items() if key != "f:annotations"}
    return {**entry, "operation": "Apply", "fieldsV1": {**fields, "f:metadata": metadata}}
