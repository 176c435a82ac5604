"""Everything around the daemon of a soak: a Redis, a broker, a shop's database, a webhook, and a plan of two kinds."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import threading
from collections import Counter
from contextlib import closing, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import ARRANGED, SCRIPTS, STEPS
from tests.processes.redis_place import RedisServer
from tests.provisioners.mqtt.brokers import BrokerProcess, free_port
from tests.sources.payments import FIELDS
from tests.sources.post.signing import SECRET

_PLAN: Final = """\
plan: soak
currency: EUR
timezone: UTC
policies:
  activation: {{approval: automatic}}
  rollback: {{after: immediate}}
components:
  server: {{monthly_cost: 10, host: true}}
  database: {{monthly_cost: 60, warm_cost: 6, stateful: true, provisioner: simulated, options: {{warm_s: 1}}}}
  web:
    monthly_cost: 40
    requires: [database]
    provisioner: command
    options: {{target: {world}/web, {scripts}}}
  search:
    monthly_cost: 100
    warm_cost: 20
    requires: [web]
    provisioner: simulated
    options: {{activate_s: 1, faults: {{per_mille: {{transient: 150, ambiguous_done: 80, lies_absent: 20}}}}}}
levels:
  - {{id: floor, max_burn: 50, components: [server]}}
  - id: small
    trigger: {{metric: revenue, at_least: 200, for_months: 1}}
    max_burn: 200
    includes: [floor]
    components: [database, web]
  - id: large
    trigger: {{metric: revenue, at_least: 2000, for_months: 1}}
    max_burn: 1000
    includes: [small]
    components: [search]
"""
_SETTINGS: Final = """\
[sources.redis]
kind = "stream"

[sources.shop]
kind = "sql"
url = "env:SHOP_URL"
query = "SELECT rowid AS id, {columns} FROM payments WHERE rowid >= :cursor ORDER BY rowid LIMIT :limit"
poll_every_s = 1
settle_s = 1

[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hook}/soak"
secret = "env:HOOK_SECRET"
private_allowed = true
{mqtt}"""


class Hook:
    """An endpoint that is told; it can be made to fail."""

    def __init__(self) -> None:
        self.told = 0
        self.failing = False
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", "0")))
                hook.told += not hook.failing
                self.send_response(500 if hook.failing else 204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, name="the webhook", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])


class Place:
    """All of it, in one folder; `close` leaves nothing running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.redis = RedisServer(folder / "redis-server")
        self.redis.start()
        self.hook = Hook()
        self.broker = self._broker()
        self.database = folder / "shop.db"
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"CREATE TABLE payments ({', '.join(FIELDS)})")
        self.arranged = folder / "arranged"
        for made in (self.arranged, folder / "world"):
            made.mkdir()
        self.daemon = DaemonProcess(
            folder / "state",
            self._plan(),
            self.redis.url,
            "--act",
            "--settings",
            str(self._settings()),
            settings={"SHOP_URL": f"sqlite:///{self.database}", "HOOK_SECRET": SECRET},
        )

    def _broker(self) -> BrokerProcess | None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            return None
        port = free_port()
        return BrokerProcess(program, "-p", str(port), port=port)

    def _plan(self) -> Path:
        scripts = ", ".join(f"{step}: [sh, {ARRANGED}, {self.arranged}, {SCRIPTS / step}.sh]" for step in STEPS)
        path = self.folder / "soak.yaml"
        path.write_text(_PLAN.format(world=self.folder / "world", scripts=scripts), encoding="utf-8")
        return path

    def _settings(self) -> Path:
        mqtt = f'[mqtt]\nurl = "mqtt://127.0.0.1:{self.broker.port}"\n' if self.broker else ""
        path = self.folder / "settings.toml"
        path.write_text(_SETTINGS.format(columns=", ".join(FIELDS), hook=self.hook.port, mqtt=mqtt), encoding="utf-8")
        return path

    def close(self) -> None:
        """End everything."""
        with redirect_stdout(io.StringIO()):  # it shows the end of its log, for tests that fail
            self.daemon.__exit__()
        if self.broker is not None:
            self.broker.stop()
        self.redis.stop()
        self.hook.server.shutdown()


def warnings_of(log: str) -> dict[str, int]:
    """How often the daemon said each event that is a warning or worse."""
    said = Counter[str]()
    for line in log.splitlines():
        if '"level":"warning"' in line or '"level":"error"' in line:
            said[json.loads(line).get("event", "?")] += 1
    return dict(said)
