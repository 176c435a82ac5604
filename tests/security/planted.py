"""A shop in which one secret of each kind and two customers are planted, and the places where none may be found."""

from __future__ import annotations

import json
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

import redis
from standardwebhooks.webhooks import Webhook

from tests.processes.daemon_process import PROGRAM
from tests.processes.redis_place import RedisServer

REDIS_PASSWORD: Final = "planted-redis-password"
POST_SECRET: Final = "whsec_cGxhbnRlZC1wb3N0LXNlY3JldC1vZi0zMi1ieXRlcyE="
WEBHOOK_SECRET: Final = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC0zMi1ieXRlcyE="
URL_TOKEN: Final = "planted-url-token"
CUSTOMER: Final = "cus_planted_in_a_payment"
BAD_CUSTOMER: Final = "cus_planted_in_a_mistake"
SECRETS: Final = (REDIS_PASSWORD, POST_SECRET, WEBHOOK_SECRET, URL_TOKEN)
EVERYTHING: Final = (*SECRETS, CUSTOMER, BAD_CUSTOMER)

PLAN: Final = """
plan: shop
name: The shop
currency: EUR
timezone: UTC
components:
  server: {{monthly_cost: 10, host: true}}
  web:
    monthly_cost: 40
    provisioner: command
    options:
      observe: [sh, -c, "env >> {seen}; exec {scripts}/observe.sh"]
      warm: [sh, -c, "env >> {seen}; exec {scripts}/warm.sh"]
      activate: [sh, -c, "env >> {seen}; exec {scripts}/activate.sh"]
      deactivate: [{scripts}/deactivate.sh]
      decommission: [{scripts}/decommission.sh]
      target: {world}
levels:
  - id: floor
    max_burn: 50
    components: [server]
  - id: small
    trigger: {{metric: revenue, at_least: 200, for_months: 1}}
    max_burn: 200
    includes: [floor]
    components: [web]
"""

SETTINGS: Final = """
[redis_access]
user = "solvent"
password = "file:{folder}/redis-password"
[receiving]
http = "127.0.0.1:{port}"
[sources.till]
kind = "post"
secret = "env:PLANTED_POST_SECRET"
[sources.stream]
kind = "stream"
[channels.pager]
kind = "webhook"
url = "{receiver}/hook/{token}"
secret = "file:{folder}/webhook-secret"
private_allowed = true
"""


class Hook:
    """A webhook's receiver in a thread: `with Hook() as hook`. `bodies` is what was posted."""

    def __init__(self) -> None:
        bodies: list[bytes] = []

        class _Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_said: object) -> None:
                """Say nothing."""

        self.bodies = bodies
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def guard(server: RedisServer) -> None:
    """Give the server a user with a password, as an operator would."""
    client: Any = redis.Redis(port=server.port)
    client.execute_command("ACL", "SETUSER", "solvent", "on", f">{REDIS_PASSWORD}", "~*", "&*", "+@all")
    client.close()


def post(port: int, payments: list[dict[str, str]]) -> dict[str, Any]:
    """Send a signed post to the source `till`; its answer."""
    body, at = json.dumps({"payments": payments}), datetime.now(UTC)
    signature = Webhook(POST_SECRET).sign("msg_1", at, body)
    headers = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}/sources/till", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def a_payment(payment_id: str, customer: str, **fields: str) -> dict[str, str]:
    """A payment of 250.00 in January 2024."""
    return {
        "payment_id": payment_id,
        "customer_id": customer,
        "amount": "250.00",
        "currency": "EUR",
        "status": "completed",
        "created_at": "2024-01-10T09:00:00Z",
        "kind": "payment",
        **fields,
    }


def command_lines() -> str:
    """The arguments of every process of the machine, as any user of it can list them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            found.append(path.read_bytes().decode(errors="replace"))
    return "\n".join(found)


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under a folder, with what is in it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


def keys_of(server: RedisServer) -> Iterator[tuple[str, str]]:
    """Everything that stands in Redis, but the stream that the payments were sent into."""
    client: Any = redis.Redis(port=server.port, decode_responses=True)
    for key in sorted(client.scan_iter()):
        if key == "solvent:payments":
            continue
        kind = client.type(key)
        yield key, str(client.hgetall(key) if kind == "hash" else client.xrange(key) if kind == "stream" else "")
    client.close()


def solvent(*arguments: str, environment: dict[str, str]) -> str:
    """What a command of ours says, on both outputs."""
    ran = subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    return ran.stdout + ran.stderr
