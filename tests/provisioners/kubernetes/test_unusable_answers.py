"""What the Kubernetes provisioner makes of credentials that were renewed, and of answers that no API server sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from adapters.clocks import SystemClock
from adapters.provisioners.kubernetes.calls import RETRY_CREDENTIALS_S, KubernetesCalls
from adapters.provisioners.kubernetes.changes import Changes
from adapters.provisioners.kubernetes.connections import Place
from machines.ports.faults import Ambiguous, CallError, Transient
from machines.ports.mandate import Mandate

PATH = "/api/v1/namespaces/default/configmaps"
SIGN_IN = b"<html>please sign in</html>"


class Server:
    """Says the same to everybody who carries the right token."""

    def __init__(self) -> None:
        self.token = "old"
        self.says = b'{"items": [], "metadata": {}}'
        self.status = 200
        self.version = b'{"gitVersion": "v1.31.0"}'
        """What it says of itself; b"" is what it says to everything else."""
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.headers.get("Authorization", ""))
                known = server.asked[-1] == f"Bearer {server.token}"
                about_itself = self.path == "/version" and bool(server.version)
                said = server.version if about_itself else server.says if known else b'{"message": "Unauthorized"}'
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(200 if about_itself else server.status if known else 401)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the base class calls them so

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._http.serve_forever, args=(0.02,), name="api server")
        self._thread.start()

    def kubeconfig(self, path: Path, token: str) -> Place:
        """Write one with this token."""
        named = {"cluster": "t", "user": "t"}
        config = {
            "clusters": [{"name": "t", "cluster": {"server": f"http://127.0.0.1:{self._http.server_port}"}}],
            "users": [{"name": "t", "user": {"token": token}}],
            "contexts": [{"name": "t", "context": named}],
            "current-context": "t",
        }
        path.write_text(json.dumps(config), encoding="utf-8")
        return Place("eks", str(path))

    def close(self) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    """One that knows the token `old`."""
    made = Server()
    yield made
    made.close()


@pytest.fixture
async def calls() -> AsyncIterator[KubernetesCalls]:
    """Of one process."""
    made = KubernetesCalls(SystemClock(), {})
    yield made
    await made.close()


async def refused(calls: KubernetesCalls, place: Place) -> CallError:
    """What a look raises."""
    with pytest.raises(CallError) as raised:
        await calls.get(place, PATH)
    return raised.value


async def test_renewed_credentials_are_read_at_the_next_look(
    server: Server, calls: KubernetesCalls, tmp_path: Path
) -> None:
    """A token that was rotated in the kubeconfig needs no restart."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    await calls.get(place, PATH)
    server.token = "new"
    await refused(calls, place)
    server.kubeconfig(tmp_path / "kubeconfig", "new")

    await calls.get(place, PATH)

    assert ["Bearer old", "Bearer old", "Bearer new"] == server.asked


async def test_credentials_that_are_not_accepted_are_waited_for(
    server: Server, calls: KubernetesCalls, tmp_path: Path
) -> None:
    """Nothing parks: the component tries again, after the time that somebody needs to renew them."""
    error = await refused(calls, server.kubeconfig(tmp_path / "kubeconfig", "expired"))

    assert isinstance(error, Transient)
    assert RETRY_CREDENTIALS_S == error.retry_after_s
    assert "renew them" in error.reason


@pytest.mark.parametrize("said", [SIGN_IN, b"", b"[]", b'"fine"'], ids=["page", "nothing", "array", "text"])
async def test_a_look_at_no_object_says_nothing(
    server: Server, calls: KubernetesCalls, tmp_path: Path, said: bytes
) -> None:
    """Neither an object nor an absent one."""
    server.says = said

    error = await refused(calls, server.kubeconfig(tmp_path / "kubeconfig", "old"))

    assert isinstance(error, Transient)
    assert "proxy" in error.reason


@pytest.mark.parametrize("said", [SIGN_IN, b'{"error": "sign in"}', b'{"items": {}}'], ids=["page", "object", "items"])
async def test_a_list_without_items_is_not_an_empty_one(
    server: Server, calls: KubernetesCalls, tmp_path: Path, said: bytes
) -> None:
    """An empty list would end every orphan that is known."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says = said

    with pytest.raises(Transient):
        await calls.items(place, PATH, {})


@pytest.mark.parametrize("said", [b'{"items": []}', b'{"items": null}'], ids=["empty", "null"])
async def test_an_empty_list_is_one(server: Server, calls: KubernetesCalls, tmp_path: Path, said: bytes) -> None:
    """Null is how Go writes one that was never made."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says = said

    assert [] == await calls.items(place, PATH, {})


async def test_a_change_whose_answer_is_no_object_may_be_done(
    server: Server, calls: KubernetesCalls, tmp_path: Path
) -> None:
    """The next look tells."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says = SIGN_IN

    with pytest.raises(Ambiguous):
        await Changes(calls, place, Mandate()).apply(f"{PATH}/one", {"metadata": {"name": "one"}})


@pytest.mark.parametrize(
    "said", [b"404 page not found\n", SIGN_IN, b'{"error": "no route"}'], ids=["go", "page", "json"]
)
async def test_a_proxys_404_is_no_absence(server: Server, calls: KubernetesCalls, tmp_path: Path, said: bytes) -> None:
    """A route that a proxy lost would otherwise show everything as gone, and each list as empty."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says, server.status, server.version = said, 404, b""

    assert isinstance(await refused(calls, place), Transient)
    with pytest.raises(Transient, match="proxy"):
        await calls.items(place, PATH, {})


async def test_a_kind_that_a_server_does_not_serve_has_no_objects(
    server: Server, calls: KubernetesCalls, tmp_path: Path
) -> None:
    """A real one says so in plain text; it is known by its version."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says, server.status = b"404 page not found\n", 404

    assert await calls.get(place, PATH) is None
    assert [] == await calls.items(place, PATH, {})


async def test_an_object_that_a_server_does_not_have_is_absent(
    server: Server, calls: KubernetesCalls, tmp_path: Path
) -> None:
    """It is not asked who it is: its `Status` says that."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says, server.status, server.version = b'{"kind": "Status", "reason": "NotFound"}', 404, b""

    assert await calls.get(place, PATH) is None


@pytest.mark.parametrize("status", [404, 409])
async def test_a_proxys_refusal_of_a_change_may_be_its_answer_alone(
    server: Server, calls: KubernetesCalls, tmp_path: Path, status: int
) -> None:
    """A deletion would otherwise count as done, and an apply as refused for good."""
    place = server.kubeconfig(tmp_path / "kubeconfig", "old")
    server.says, server.status, server.version = SIGN_IN, status, b""

    with pytest.raises(Ambiguous, match="proxy"):
        await Changes(calls, place, Mandate()).delete(f"{PATH}/one", "uid")
    with pytest.raises(Ambiguous, match="proxy"):
        await Changes(calls, place, Mandate()).apply(f"{PATH}/one", {"metadata": {"name": "one"}})
