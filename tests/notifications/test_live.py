"""A real daemon, a real receiver, a kill in between; and the commands that operators type."""

from __future__ import annotations

import base64
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from machines.events import DeliveryEnded
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.waiting import until

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok").decode()
TOKEN = "t0ken-in-the-path"


class Hook:
    """An endpoint that answers `status`."""

    def __init__(self) -> None:
        self.status = 500
        self.requests: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.requests.append(({name.lower(): text for name, text in self.headers.items()}, body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/{TOKEN}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """It is away."""
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """One that answers 500."""
    found = Hook()
    yield found
    found.stop()


def settings_file(tmp_path: Path, hook: Hook) -> Path:
    """The operator's file."""
    path = tmp_path / "solvent.toml"
    lines = [
        "[channels.pager]",
        'kind = "webhook"',
        f'url = "{hook.url}"',
        'secret = "env:PAGER_SECRET"',
        "private_allowed = true",
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def daemon_of(tmp_path: Path, settings: Path, secret: str = SECRET) -> DaemonProcess:
    """A daemon that observes, on an embedded Redis."""
    environment = {"PAGER_SECRET": secret, "SOLVENT_NOTIFICATIONS__RETRY_INITIAL_S": "1"}
    state_dir = tmp_path / "state"
    return DaemonProcess(state_dir, "autobroker", None, "--settings", str(settings), settings=environment)


def solvent(*arguments: object) -> tuple[int, str]:
    """The exit code and the words of a command."""
    ended = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def outcomes(daemon: DaemonProcess) -> list[str]:
    """How the attempts ended so far."""
    return [each.outcome for each in daemon.journal.events(DeliveryEnded)]


def test_what_was_not_taken_survives_a_kill_and_a_receiver_that_was_gone(tmp_path: Path, hook: Hook) -> None:
    """500, kill -9, 410: a dead letter that is listed; replayed, it arrives under the id of its first attempt."""
    with daemon_of(tmp_path, settings_file(tmp_path, hook)) as daemon:
        until(lambda: outcomes(daemon), "the first attempt")
        daemon.kill()
        hook.status = 410
        daemon.start()
        until(lambda: "dead" in outcomes(daemon), "the dead letter")
        code, said = solvent("notify", "list", "--dead", "--state-dir", daemon.state_directory)
        assert 0 == code
        assert "1 dead letter." in said
        assert "The channel pager is closed since" in said

        hook.status = 204
        code, said = solvent("notify", "replay", "--all", "--state-dir", daemon.state_directory)
        assert (0, True) == (code, said.startswith("done: one delivery is sent again to pager"))
        until(lambda: "delivered" in outcomes(daemon), "the delivery")
        ids = [headers["webhook-id"] for headers, _ in hook.requests]
        assert {ids[0]} == set(ids[:2])
        titles = [Verifier(SECRET).verify(body, headers)["data"]["title"] for headers, body in hook.requests]
        assert "Notifications are on" == titles[0]
        assert TOKEN not in daemon.log
        metrics = urllib.request.urlopen(daemon.wait_ready().http + "/metrics", timeout=10).read().decode()
        assert 'solvent_notifications_delivered_total{channel="pager"}' in metrics
        assert 0 == daemon.stop()


def test_a_secret_that_is_missing_keeps_the_daemon_from_starting(tmp_path: Path, hook: Hook) -> None:
    """In one sentence, before anything is begun."""
    said = "channels.pager.secret: the variable PAGER_SECRET is not set: export it, or name another place\n"

    assert (2, said) == daemon_of(tmp_path, settings_file(tmp_path, hook), secret="").refusal()
