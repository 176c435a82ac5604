"""Connections to API servers: the official client's configuration and its pool, one for each kubeconfig and context."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import urllib3
from kubernetes import client, config

CONNECT_LIMIT_S: Final = 5.0
REQUEST_LIMIT_S: Final = 20.0
"""Below the limit of a blocking call, so that a thread ends before it is given up."""
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
UNAUTHORIZED: Final = 401


class Place(msgspec.Struct, frozen=True):
    """Which API server, as the options name it."""

    cluster: str
    kubeconfig: str = ""
    context: str = ""


class Request(msgspec.Struct, frozen=True):
    """One request to an API server."""

    method: str
    path: str
    query: dict[str, str] = {}
    body: Any = None
    content_type: str = "application/json"


class Answer(msgspec.Struct, frozen=True):
    """What the server said; the body is {} where it was no JSON object, which no server sends as one."""

    status: int
    body: dict[str, Any]
    retry_after_s: float | None = None


class Unconfigured(Exception):
    """No usable credentials; the message says which were looked for."""


class Connections:
    """Made on first use, in the thread that needs one. Its methods block."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` is asked for KUBECONFIG, HOME and nothing else."""
        self._environment = environment
        self._clients: dict[Place, client.ApiClient] = {}
        self._lock = threading.Lock()
        self._closed = False

    def request(self, place: Place, request: Request) -> Answer:
        """Send it once, without a repetition. Raises `Unconfigured`, and urllib3's own errors as they are.

        Where credentials or certificates are not accepted, the next request reads the kubeconfig anew: it may be
        renewed by then.
        """
        api = self._client(place)
        try:
            answer = _sent(api, request)
        except urllib3.exceptions.SSLError:
            self._forget(place, api)
            raise
        if answer.status == UNAUTHORIZED:
            self._forget(place, api)
        return answer

    def close(self) -> None:
        """Close every connection; a request after it raises `Unconfigured`."""
        with self._lock:
            self._closed = True
            for api in self._clients.values():
                api.close()  # type: ignore[no-untyped-call] # the SDK annotates nothing here
            self._clients.clear()

    def _forget(self, place: Place, api: client.ApiClient) -> None:
        """Another thread may have made a newer one meanwhile, which stays; requests under way end as they would."""
        with self._lock:
            if self._clients.get(place) is api:
                del self._clients[place]
                api.close()  # type: ignore[no-untyped-call] # as above

    def _client(self, place: Place) -> client.ApiClient:
        with self._lock:
            if self._closed:
                raise Unconfigured("the connection was closed before this request")
            if place not in self._clients:
                self._clients[place] = client.ApiClient(self._configuration(place))
            return self._clients[place]

    def _configuration(self, place: Place) -> client.Configuration:
        configuration = client.Configuration()
        if not place.kubeconfig and not place.context:
            try:
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call] # as above
            except config.ConfigException:
                configuration = client.Configuration()
            else:
                return configuration
        home = Path(self._environment.get("HOME", "/"))
        path = place.kubeconfig or self._environment.get("KUBECONFIG") or str(home / ".kube" / "config")
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call] # as above
                config_file=path,
                context=place.context or None,
                client_configuration=configuration,
                persist_config=False,
            )
        except (config.ConfigException, OSError, ValueError, TypeError, KeyError) as error:
            raise Unconfigured(f"the kubeconfig {path} cannot be used: {error}") from error
        return configuration


def _sent(api: client.ApiClient, request: Request) -> Answer:
    query = f"?{urlencode(request.query)}" if request.query else ""
    headers = {"Accept": "application/json", "User-Agent": "solvent"}
    for setting in api.configuration.auth_settings().values():
        if setting.get("in") == "header" and setting.get("value"):
            headers[setting["key"]] = setting["value"]
    if request.body is not None:
        headers["Content-Type"] = request.content_type
    response = api.rest_client.pool_manager.request(
        request.method,
        f"{api.configuration.host.rstrip('/')}{request.path}{query}",
        body=None if request.body is None else json.dumps(request.body).encode(),
        headers=headers,
        timeout=urllib3.Timeout(connect=CONNECT_LIMIT_S, read=REQUEST_LIMIT_S),
        retries=False,
        preload_content=False,
    )
    try:
        data = response.read(ANSWER_BYTES_MAX)
    finally:
        response.release_conn()
    return Answer(response.status, _object(data), _seconds(response.headers.get("Retry-After")))


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
