"""Requests in threads, and what their ends mean in the three words of the port."""

from __future__ import annotations

import ssl
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
from machines.ports.mandate import Mandate

PAGE_ITEMS: Final = 500
PAGES_MAX: Final = 20
RETRY_CREDENTIALS_S: Final = 300.0
"""Somebody has to renew them first."""
_VERSION: Final = "/version"
_UNTYPED: Final = "failed to create typed patch object"
"""How servers say, with status 500 and before anything is done, that a manifest has a field its kind does not know."""
_UNCREATED: Final = "resourceVersion should not be set on objects to be created"
"""How older servers (1.20, 1.22) say, with status 500, that they make a Service under no condition."""
_NOT_SENT: Final = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
_ENDED: Final = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class Unconditional(Permanent):
    """What is not there cannot be made under a condition: nothing was done; stays inside this package."""


class KubernetesCalls:
    """The requests that change nothing, and `send` for those of `changes` that do."""

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        """One pool of threads and one cache of connections."""
        self._clock = clock
        self._connections = Connections(environment)
        self._threads = BlockingCalls("kubernetes", clock)

    async def get(
        self, place: Place, path: str, query: Mapping[str, str] | None = None, deadline_at: Instant | None = None
    ) -> dict[str, Any] | None:
        """An object; None where the server says that there is none."""
        request = Request("GET", path, dict(query or {}))
        answer = await self.send(place, request, deadline_at)
        if answer.status != 404:
            return answer.body
        if not _is_of_a_server(answer):
            await self._require_server(place, request, answer, deadline_at)
        return None

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

    async def review(self, place: Place, body: Any) -> dict[str, Any]:
        """Ask whether the credentials may do something."""
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return (await self.send(place, Request("POST", path, {}, body), None)).body

    async def close(self) -> None:
        """Close connections and threads."""
        self._threads.close()
        self._connections.close()

    async def _require_server(
        self, place: Place, request: Request, answer: Answer, deadline_at: Instant | None
    ) -> None:
        """A 404 in plain text is an API server's word for a kind that it does not serve, and any proxy's for a host.

        Everybody may ask a server for its version; what does not know that path either is none, and knows nothing.
        """
        version = await self.send(place, Request("GET", _VERSION, {}), deadline_at)
        if "gitVersion" not in version.body and not _is_of_a_server(version):
            raise _unreadable(place, request, answer)

    async def send(
        self, place: Place, request: Request, deadline_at: Instant | None, mandate: Mandate | None = None
    ) -> Answer:
        """One request, `mandate` for one that changes something; answers of 404 and 409 are the caller's to judge."""
        what = f"{request.method} {request.path} of {place.cluster}"
        limit_s = None
        if deadline_at is not None:
            limit_s = (deadline_at - self._clock.wall()) / SECOND
            if limit_s <= 0:
                raise Transient(f"the deadline passed before {what} was sent")

        def sent() -> Answer:
            # In the thread, for it may wait for its place, and goes on where the step was cancelled.
            if mandate is not None:
                mandate.require(what)
            return self._connections.request(place, request)

        try:
            answer = await self._threads.call(what, sent, limit_s=limit_s)
        except _NOT_SENT as error:
            raise Transient(f"{place.cluster} cannot be reached for {what}: {error}") from error
        except (urllib3.exceptions.SSLError, ApiException) as error:
            if _is_cut(error):
                raise Ambiguous(f"the connection for {what} was cut: {error}") from error
            raise Permanent(f"{place.cluster}: its certificate was not accepted ({error})") from error
        except Unconfigured as error:
            raise Permanent(f"{place.cluster}: {error}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Ambiguous(f"the answer to {what} was lost: {error}") from error
        _judge(place, request, answer)
        return answer


def _is_cut(error: Exception) -> bool:
    """Whether TLS tells of a connection that ended, such as a balancer's with nobody behind it, not of who is there."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or ""
    return isinstance(cause, _ENDED) or any(word in reason for word in ("EOF", "BAD_RECORD_MAC"))


def _judge(place: Place, request: Request, answer: Answer) -> None:
    """Raise for everything but success, 404 and 409."""
    if answer.status < 300 and not answer.body:
        raise _unreadable(place, request, answer)
    if request.method != "GET" and answer.status in (404, 409) and not _is_of_a_server(answer):
        raise _unreadable(place, request, answer)
    if answer.status < 300 or answer.status in (404, 409):
        return
    said = answer.body.get("message") or f"HTTP status {answer.status}"
    what = f"{place.cluster}, {request.method} {request.path}: {said}"
    if answer.status == UNAUTHORIZED:
        raise Transient(f"{what}; the credentials of the kubeconfig are not accepted, renew them", RETRY_CREDENTIALS_S)
    if answer.status == 403:
        raise Permanent(f"{what}; give solvent's account the role that docs/provisioners/kubernetes.md lists")
    if _UNCREATED in str(said):
        raise Unconditional(f"{what}; nothing was done")
    if _UNTYPED in str(said):
        raise Permanent(f"{what}; nothing was done: mend the manifest")
    if answer.status in (500, 504) and request.method != "GET":
        raise Ambiguous(f"{what}; it may have been done")
    if answer.status == 429 or answer.status >= 500:
        raise Transient(what, answer.retry_after_s)
    raise Permanent(what)


def _is_of_a_server(answer: Answer) -> bool:
    """Whether a refusal is an API server's, which says it as a `Status`."""
    return answer.body.get("kind") == "Status"


def _unreadable(place: Place, request: Request, answer: Answer) -> Ambiguous | Transient:
    """An answer that is no API server's, such as the sign-in page of a proxy: it says nothing of what stands."""
    what = (
        f"{place.cluster}, {request.method} {request.path}: HTTP status {answer.status} with an answer that no API "
        "server gives: look for a proxy in between"
    )
    return Transient(what) if request.method == "GET" else Ambiguous(f"{what}; it may have been done")


def _items(place: Place, path: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of one page of a list; servers in Go write an empty list as null at times."""
    items = body.get("items", "")
    if items is not None and not isinstance(items, list):
        raise Transient(f"{place.cluster}, GET {path}: the answer is no list, `items` is missing: who sent it?")
    return items or []
