"""What the stage is furnished with: settings, files, orphans, and a receiver of notifications."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pyrage

from adapters.provisioners.simulated import WORLD_NAME
from adapters.provisioners.simulated.world import LiveResource, SimulatedWorld, Standing
from config.instants import instant_text
from machines.observations import ResourceState

ROOT: Final = Path(__file__).parents[2]
ORPHANS: Final = ("autobroker/gone#0", "autobroker/gone_too#0")
"""One for each block that removes one."""
SIGNING: Final = "whsec_c29sdmVudCBzYXlzIHdoYXQgaXMgdXAsIHRvbGQhISE="
SETTINGS: Final = """
plan = "{folder}/autobroker.yaml"
state_dir = "{folder}/state"
redis = "{redis}"

[backup]
to = "{folder}/backups"
recipients = ["{recipient}"]
identity = "file:{folder}/age.key"

[commands]
principals = ["alice", "bob"]

[channels.pager]
kind = "webhook"
url = "http://127.0.0.1:{port}/here"
secret = "file:{folder}/pager"
private_allowed = true
"""


def write_files(folder: Path, redis: str, port: int) -> None:
    """What a reader of the pages has: settings, secrets, payments, plain and packed, and plans to copy."""
    identity = pyrage.x25519.Identity.generate()
    settings = {"folder": folder, "redis": redis, "recipient": identity.to_public(), "port": port}
    secrets = {"age.key": str(identity), "pager": SIGNING, "alice": "what only alice knows"}
    for name, text in {**secrets, "solvent.toml": SETTINGS.format_map(settings)}.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    with (folder / "payments.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind"))
        for month in range(1, 13):
            when = f"2024-{month:02d}-10T09:00:00Z"
            rows.writerow((f"f{month}", "c-1", "1800.00", "EUR", "completed", when, "payment"))
    (folder / "payments.csv.gz").write_bytes(gzip.compress((folder / "payments.csv").read_bytes()))
    (folder / "my-plan.yaml").write_text(_own_plan(), encoding="utf-8")
    shutil.copy(ROOT / "adapters" / "provisioners" / "budget" / "spend.lua", folder)
    for name in ("config", "docs"):
        (folder / name).symlink_to(ROOT / name)


def _own_plan() -> str:
    """The plan to copy, with a checklist of its own."""
    text = (ROOT / "config" / "plans" / "starter.yaml").read_text(encoding="utf-8")
    trigger = "{metric: revenue, at_least: 200, for_months: 2}"
    assert 1 == text.count(trigger)
    text = text.replace(trigger, f"{{all: [{trigger}, {{attested: security_audit}}]}}")
    return text.replace("\ncomponents:\n", "\nchecklist:\n  security_audit: Somebody else has looked.\n\ncomponents:\n")


def leave_orphans(state: Path) -> None:
    """What an older plan left standing in the simulated world."""
    state.mkdir(mode=0o700)
    live = [LiveResource("left-token", 1, ResourceState.HOT)]
    SimulatedWorld(components={name.partition("#")[0]: Standing(live) for name in ORPHANS}).save(state / WORLD_NAME)


@contextmanager
def receiving() -> Iterator[int]:
    """The port of a receiver that says 410 to the first notification of each channel, and then takes them."""
    heard: set[str] = set()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204 if self.path in heard else 410)
            heard.add(self.path)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.5,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def dead_letter(listed: str) -> str:
    """The id of the first notification in `solvent notify list --format json`."""
    return str(json.loads(listed)["dead"][0]["id"])


def last_moment(folder: Path) -> str:
    """When the newest event was recorded."""
    with closing(sqlite3.connect(folder / "state" / "journal.sqlite")) as journal:
        (last,) = journal.execute("SELECT max(recorded_at) FROM events").fetchone()
    return instant_text(last)
