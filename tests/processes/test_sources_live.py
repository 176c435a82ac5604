"""A real daemon, its payments from a database, from a folder and by signed posts: a `kill -9` in between."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from adapters.clocks import SystemClock
from machines.sources.freshness import quality_of
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.sources.payments import FIELDS, payment
from tests.sources.post.signing import SECRET, body_of, signed

SETTINGS = """\
[receiving]
http = "127.0.0.1:{port}"

[sources.web]
kind = "sql"
url = "env:SHOP_URL"
query = "SELECT rowid AS id, {columns} FROM payments WHERE rowid >= :cursor ORDER BY rowid LIMIT :limit"
poll_every_s = 1
settle_s = 1

[sources.exports]
kind = "folder"
path = "{exports}"
poll_every_s = 1
settled_s = 1

[sources.till]
kind = "post"
secret = "env:TILL_SECRET"
"""


class Business:
    """A database, a folder and a till."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        (folder / "exports").mkdir()
        self.database = folder / "shop.db"
        self._run(f"CREATE TABLE payments ({', '.join(FIELDS)})")
        self.settings = folder / "settings.toml"
        self.settings.write_text(
            SETTINGS.format(port=port, columns=", ".join(FIELDS), exports=folder / "exports"), encoding="utf-8"
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the daemon finds."""
        return {"SHOP_URL": f"sqlite:///{self.database}", "TILL_SECRET": SECRET}

    def sell(self, payment_id: str) -> None:
        """In the shop on the web."""
        self._run(f"INSERT INTO payments VALUES ({', '.join('?' * len(FIELDS))})", tuple(payment(payment_id).values()))

    def export(self, name: str, *payment_ids: str) -> None:
        """A file, as an exporter leaves it."""
        rows = "".join(",".join(payment(each).values()) + "\n" for each in payment_ids)
        (self.folder / "exports" / name).write_text(",".join(FIELDS) + "\n" + rows)

    def post(self, now: int, *payment_ids: str, post_id: str = "msg_1", secret: str = SECRET) -> tuple[int, Any]:
        """From the till; status and answer."""
        body = body_of(*map(payment, payment_ids))
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/sources/till",
            data=body,
            headers=signed(body, now, post_id=post_id, secret=secret),
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def _run(self, statement: str, values: tuple[str, ...] = ()) -> None:
        connection = sqlite3.connect(self.database)
        with connection:
            connection.execute(statement, values)
        connection.close()


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


def sources_of(daemon: DaemonProcess) -> dict[str, tuple[str, int]]:
    """Quality and payments of each source."""
    state = daemon.journal.state()
    return {name: (quality_of(state, name).value, each.counted) for name, each in state.revenue.sources.stands.items()}


def test_payments_of_three_kinds_count_once_across_a_kill(
    tmp_path: Path, redis_server: RedisServer, shop: FileShop
) -> None:
    """What each source gave counts; killed and started again, what it gives again does not; a forger is refused."""
    business, now = Business(tmp_path, _free_port()), SystemClock().wall()
    options = ("--settings", str(business.settings))
    state = tmp_path / "state"
    with DaemonProcess(state, shop.plan_path, redis_server.url, *options, settings=business.environment) as daemon:
        business.sell("web-1")
        business.export("a.csv", "file-1", "file-2")
        assert (200, {"counted": 1, "duplicates": 0, "not_completed": 0, "rejected": []}) == business.post(
            now, "till-1"
        )
        assert 401 == business.post(now, "till-2", secret="whsec_b3RoZXIgc2VjcmV0IG9mIDI0IGJ5dGVzISE=")[0]
        until(
            lambda: {"web": ("good", 1), "exports": ("good", 2), "till": ("good", 1)} == sources_of(daemon),
            "all three to have given",
        )
        daemon.kill()
        business.sell("web-2")
        business.export("b.csv", "file-3")
        daemon.start()
        assert 1 == business.post(now, "till-1")[1]["duplicates"]
        until(
            lambda: {"web": ("good", 2), "exports": ("good", 3), "till": ("good", 1)} == sources_of(daemon),
            "what came meanwhile",
        )
        shown = subprocess.run([PROGRAM, "status", "--state-dir", state], capture_output=True, check=True, text=True)
        assert "source web (sql): good, read at" in shown.stdout
        assert 0 == daemon.stop()
        assert SECRET not in daemon.log


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ('[sources.till]\nkind = "post"\nsecret = "env:TILL_SECRET"', "nowhere to post to: set receiving.http"),
        (
            '[sources.web]\nkind = "sql"\nurl = "env:NO_SUCH"\nquery = "SELECT :cursor, :limit"',
            "the source web: the variable NO_SUCH is not set",
        ),
    ],
)
def test_what_can_never_work_is_refused_at_the_start(
    tmp_path: Path, shop: FileShop, settings: str, sentence: str
) -> None:
    """Exit code 2 and a sentence."""
    written = tmp_path / "settings.toml"
    written.write_text(settings, encoding="utf-8")
    environment = {"TILL_SECRET": SECRET, "SHOP_URL": f"sqlite:///{tmp_path}/none.db"}
    options = ("--settings", str(written))
    daemon = DaemonProcess(tmp_path / "state", shop.plan_path, "redis://127.0.0.1:1", *options, settings=environment)
    code, said = daemon.refusal()

    assert (2, True) == (code, sentence in said)
