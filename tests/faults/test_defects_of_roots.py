"""Every root that a daemon can have fails in turn: parked alone and resumed, or there again after the next start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from adapters.redis_server.programs import find_program
from tests.conftest import NO_REAL_SERVER, REAL_KINDS
from tests.faults.machines import Machine
from tests.faults.parking import SHORT, is_parked, require_each_parks_alone, restarts
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer
from tests.processes.pages import page
from tests.processes.redis_place import keys_of
from tests.processes.waiting import until
from tests.sources.payments import FIELDS
from tests.sources.post.signing import SECRET

APART: Final = {"commands intake", "http"}
"""Nobody can be asked to resume the first; without the second there is no page to look at."""
ELSEWHERE: Final = {"payments intake", "publication", "audit", "costs", "orphans", "systemd"}
"""Those that every daemon has: tests/faults/test_defects.py."""
RARER: Final = ("notifications", "mqtt", "dials", "source:web", "source:exports", "receiving", "embedded redis")
_DIAL: Final = "  share: {monthly_cost: 0, provisioner: dial, options: {providers: [openai]}}\n"
_SETTINGS: Final = """\
[receiving]
http = "127.0.0.1:0"

[sources.redis]
kind = "stream"

[sources.web]
kind = "sql"
url = "env:SHOP_URL"
query = "SELECT rowid AS id, {columns} FROM payments WHERE rowid >= :cursor ORDER BY rowid LIMIT :limit"
poll_every_s = 1

[sources.exports]
kind = "folder"
path = "{exports}"
poll_every_s = 1

[sources.till]
kind = "post"
secret = "env:TEST_SECRET"

[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:1/nobody"
secret = "env:TEST_SECRET"
private_allowed = true

[mqtt]
url = "mqtt://127.0.0.1:1"
"""


@pytest.fixture
def daemon(shop: FileShop, machine: Machine, tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon with everything that it can be told to do, and a Redis of its own; most of the rest answers nothing."""
    if find_program(REAL_KINDS, (6, 2)) is None:
        pytest.skip(NO_REAL_SERVER)
    text = shop.plan_path.read_text(encoding="utf-8")
    text = text.replace("levels:\n", f"{_DIAL}levels:\n").replace("[server, files]", "[server, files, share]")
    shop.plan_path.write_text(text, encoding="utf-8")
    exports = tmp_path / "exports"
    exports.mkdir()
    written = tmp_path / "settings.toml"
    written.write_text(_SETTINGS.format(columns=", ".join(FIELDS), exports=exports), encoding="utf-8")
    settings = SHORT | {"SHOP_URL": f"sqlite:///{tmp_path / 'none.db'}", "TEST_SECRET": SECRET}
    options = ("--act", "--settings", str(written))
    with DaemonProcess(
        tmp_path / "state", shop.plan_path, "embedded", *options, settings=settings, wrapper=machine.wrapper
    ) as daemon:
        until(daemon.journal.at_rest, "the floor to stand")
        yield daemon


def test_each_rarer_root_that_fails_is_parked_alone_and_resumed_by_an_operator(
    daemon: DaemonProcess, machine: Machine
) -> None:
    """As the others: the health page names it, nobody else restarts, `resume-actor` starts it; none is forgotten."""
    assert {*RARER} | ELSEWHERE | APART == machine.roots()
    with keys_of(daemon.wait_ready().redis) as keys:
        require_each_parks_alone(daemon, machine, keys, RARER)

        keys.payment("paid", "2024-01-10", "250.00")
        until(daemon.journal.counted, "the payment to be counted")
        assert 0 == daemon.stop()
    assert daemon.journal.is_whole()


def test_without_pages_and_without_operators_payments_go_on(daemon: DaemonProcess, machine: Machine) -> None:
    """`http` is resumed and serves again; while `commands intake` is parked commands wait, and the next start reads."""
    with keys_of(daemon.wait_ready().redis) as keys:
        with machine.defect("http"):
            until(lambda: is_parked(daemon, "http"), "http to park")
        sent = keys.command("resume-actor", actor="http", reason="mended")
        assert "done" == answer(keys, sent)["outcome"]
        until(lambda: page(daemon, "/healthz")[0] == 200, "the pages to be served again")
        with machine.defect("commands intake"):
            until(lambda: is_parked(daemon, "commands intake"), "the intake to park")
            sent = keys.command("pin", component="search", state="COLD", reason="early")
            assert "root task commands intake is parked" in page(daemon, "/healthz")[1]
            keys.payment("paid", "2024-01-10", "250.00")
            until(daemon.journal.counted, "the payment to be counted")
            assert [] == [each for _, each in keys.entries("replies") if each["id"] == sent]
            assert restarts(daemon) == {"http", "commands intake"}
            assert 0 == daemon.stop()
    daemon.start()
    with keys_of(daemon.wait_ready().redis) as keys:
        assert "done" == answer(keys, sent)["outcome"]
