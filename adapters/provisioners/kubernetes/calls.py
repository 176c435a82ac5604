"""Requests in threads, and what their ends mean in the three words of the port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import urllib3
from kubernetes.client import ApiException

from adapters.blocking_calls import BlockingCalls
from adapters.provisioners.kubernetes.connections import (
    UNAUTHORIZED,
    Answer,
    Connections,
    Place,
    Request,
    Unconfigured,
)
from config.instants import SECOND, Instant
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient

FIELD_MANAGER: Final = "solvent"
PAGE_ITEMS: Final = 500
PAGES_MAX: Final = 20
RETRY_CREDENTIALS_S: Final = 300.0
"""Somebody has to renew them first."""
_UNTYPED: Final = "failed to create typed patch object"
"""How servers say, with status 500 and before anything is done, that a manifest has a field its kind does not know."""
_NOT_SENT: Final = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


class AlreadyThere(Exception):
    """A conditional create found the name taken; stays inside this package."""


class KubernetesCalls:
    """The requests that the observer and the provisioner send."""

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        """One pool of threads and one cache of connections."""
        self._clock = clock
        self._connections = Connections(environment)
        self._threads = BlockingCalls("kubernetes", clock)

    async def get(
        self, place: Place, path: str, query: Mapping[str, str] | None = None, deadline_at: Instant | None = None
    ) -> dict[str, Any] | None:
        """An object; None where the server says that there is none."""
        answer = await self._send(place, Request("GET", path, dict(query or {})), deadline_at)
        return None if answer.status == 404 else answer.body

    async def items(
        self, place: Place, path: str, query: Mapping[str, str], deadline_at: Instant | None = None
    ) -> list[dict[str, Any]]:
        """Every object of a list, page by page; none where the server does not serve this kind."""
        found: list[dict[str, Any]] = []
        more = ""
        for _ in range(PAGES_MAX):
            page = {**query, "limit": str(PAGE_ITEMS), **({"continue": more} if more else {})}
            body = await self.get(place, path, page, deadline_at)
            if body is None:
                return found
            found += _items(place, path, body)
            more = (body.get("metadata") or {}).get("continue") or ""
            if not more:
                return found
        raise Permanent(f"{place.cluster}: {path} has more than {PAGES_MAX * PAGE_ITEMS} objects of one plan")

    async def create(self, place: Place, path: str, body: Any, deadline_at: Instant) -> None:
        """Make an object that is not there. Raises `AlreadyThere`."""
        request = Request("POST", path, {"fieldManager": FIELD_MANAGER}, body)
        answer = await self._send(place, request, deadline_at)
        if answer.status == 409:
            raise AlreadyThere
        if answer.status == 404:
            raise Permanent(f"{place.cluster}: {answer.body.get('message', f'{path} is not there')}")

    async def apply(self, place: Place, path: str, body: Any, deadline_at: Instant) -> None:
        """Server-side apply, never by force: what another manager owns is a conflict and `Permanent`."""
        query = {"fieldManager": FIELD_MANAGER, "force": "false"}
        answer = await self._send(
            place, Request("PATCH", path, query, body, "application/apply-patch+yaml"), deadline_at
        )
        if answer.status == 404:
            raise Permanent(
                f"{place.cluster}: {path} cannot be applied ({answer.body.get('message', 'not found')}); does the "
                "namespace exist, and does the server serve this apiVersion? `create_namespace: true` makes the former"
            )
        if answer.status == 409:
            raise _conflict(place, path, answer)

    async def merge(self, place: Place, path: str, body: Any, deadline_at: Instant) -> None:
        """Merge into an object under the `resourceVersion` of the body; `Transient` where it was changed since."""
        query = {"fieldManager": FIELD_MANAGER}
        answer = await self._send(
            place, Request("PATCH", path, query, body, "application/merge-patch+json"), deadline_at
        )
        if answer.status in (404, 409):
            raise Transient(f"{place.cluster}: {path} was changed by somebody else at the same moment", 1.0)

    async def delete(self, place: Place, path: str, uid: str, deadline_at: Instant | None) -> None:
        """Delete that very object with what it owns; done where it is gone or is another one by now."""
        body = {"propagationPolicy": "Background", "preconditions": {"uid": uid}}
        await self._send(place, Request("DELETE", path, {}, body), deadline_at)

    async def review(self, place: Place, body: Any) -> dict[str, Any]:
        """Ask whether the credentials may do something."""
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return (await self._send(place, Request("POST", path, {}, body), None)).body

    async def close(self) -> None:
        """Close connections and threads."""
        self._threads.close()
        self._connections.close()

    async def _send(self, place: Place, request: Request, deadline_at: Instant | None) -> Answer:
        what = f"{request.method} {request.path} of {place.cluster}"
        limit_s = None
        if deadline_at is not None:
            limit_s = (deadline_at - self._clock.wall()) / SECOND
            if limit_s <= 0:
                raise Transient(f"the deadline passed before {what} was sent")
        try:
            answer = await self._threads.call(what, lambda: self._connections.request(place, request), limit_s=limit_s)
        except _NOT_SENT as error:
            raise Transient(f"{place.cluster} cannot be reached for {what}: {error}") from error
        except (urllib3.exceptions.SSLError, ApiException) as error:
            raise Permanent(f"{place.cluster}: its certificate was not accepted ({error})") from error
        except Unconfigured as error:
            raise Permanent(f"{place.cluster}: {error}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Ambiguous(f"the answer to {what} was lost: {error}") from error
        _judge(place, request, answer)
        return answer


def _judge(place: Place, request: Request, answer: Answer) -> None:
    """Raise for everything but success, 404 and 409."""
    if answer.status < 300 and not answer.body:
        raise _unreadable(place, request, answer)
    if answer.status < 300 or answer.status in (404, 409):
        return
    said = answer.body.get("message") or f"HTTP status {answer.status}"
    what = f"{place.cluster}, {request.method} {request.path}: {said}"
    if answer.status == UNAUTHORIZED:
        raise Transient(f"{what}; the credentials of the kubeconfig are not accepted, renew them", RETRY_CREDENTIALS_S)
    if answer.status == 403:
        raise Permanent(f"{what}; give solvent's account the role that docs/provisioners/kubernetes.md lists")
    if _UNTYPED in str(said):
        raise Permanent(f"{what}; nothing was done: mend the manifest")
    if answer.status in (500, 504) and request.method != "GET":
        raise Ambiguous(f"{what}; it may have been done")
    if answer.status == 429 or answer.status >= 500:
        raise Transient(what, answer.retry_after_s)
    raise Permanent(what)


def _unreadable(place: Place, request: Request, answer: Answer) -> Ambiguous | Transient:
    """A success that is no API server's, such as the sign-in page of a proxy: it says nothing of what stands."""
    what = (
        f"{place.cluster}, {request.method} {request.path}: HTTP status {answer.status} with an answer that is no JSON "
        "object: look for a proxy in between"
    )
    return Transient(what) if request.method == "GET" else Ambiguous(f"{what}; it may have been done")


def _items(place: Place, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of one page of a list; servers in Go write an empty list as null at times."""
    items = body.get("items", "")
    if items is not None and not isinstance(items, list):
        raise Transient(f"{place.cluster}, GET {path}: the answer is no list, `items` is missing: who sent it?")
    return items or []


def _conflict(place: Place, path: str, answer: Answer) -> Permanent | Transient:
    causes = (answer.body.get("details") or {}).get("causes") or []
    contested = [cause for cause in causes if cause.get("reason") == "FieldManagerConflict"]
    if not contested:
        return Transient(f"{place.cluster}: {path}: {answer.body.get('message', 'changed at the same moment')}", 1.0)
    fields = "; ".join(f"{cause.get('field', '?')}: {cause.get('message', '?')}" for cause in contested[:5])
    return Permanent(
        f"{place.cluster}: {path} is contested ({fields}). Take the field out of the manifest or take it from the "
        "other manager; solvent never applies by force"
    )
