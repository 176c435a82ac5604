"""A real daemon that has gone through enough for every metric that it can have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from adapters.backups.outcomes import DrillOutcome, Success, note
from config.instants import instant_from_text
from machines.events import BillRead
from tests.costs.answering import Answering
from tests.processes.daemon_process import DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.operating import answer
from tests.processes.redis_place import Keys, RedisServer, payment_fields
from tests.processes.waiting import until

FIRST_DAY: Final = "2026-11-01T00:00:00Z"
PRESENT: Final = "2026-11-05T12:00:00Z"
_DAYS: Final = [f"2026-11-0{day}T00:00:00Z" for day in range(1, 5)]
BILL: Final = json.dumps(
    {"code": 200, "data": [{"shop/server": {"window": {"start": day}, "totalCost": 0.5}} for day in _DAYS]}
).encode()
"""Half a unit a day, where the plan says a third."""
_SETTINGS: Final = {
    "SOLVENT_BREAKER__FAILURES_MAX": "1",
    # Many payments, and deliveries that fail, make lines that are left out.
    "SOLVENT_LOGS__REPEATS_MAX": "1",
    "SOLVENT_BREAKER__COOLDOWN_INITIAL_S": "3600",
    # Nobody is there: the daemon says so, and what is absent without a broker is there.
    "SOLVENT_MQTT__URL": "mqtt://127.0.0.1:1",
}
_COLUMNS: Final = ("payment_id", "customer_id", "amount", "currency", "status", "created_at", "kind")
_SOURCES_AND_CHANNELS: Final = f"""
[sources.redis]
kind = "stream"
[sources.till]
kind = "sql"
url = "env:SHOP_URL"
query = "SELECT id, {", ".join(_COLUMNS)} FROM payments WHERE id >= :cursor ORDER BY id LIMIT :limit"
poll_every_s = 1
settle_s = 0
[channels.night]
kind = "mqtt"
"""
_STRANGERS_ID: Final = "9999999999999-1"


@contextmanager
def eventful_daemon(redis_server: RedisServer, keys: Keys, shop: FileShop, place: Path) -> Iterator[DaemonProcess]:
    """Months of payments, a level decided and half reached, a bill, a pause, a freeze, a breaker, a blocked stream."""
    state = place / "state"
    shop.ends_with(75, "warm", "files")
    with DaemonProcess(
        state, shop.plan_path, redis_server.url, "--act", "--as-of", FIRST_DAY, settings=_SETTINGS
    ) as first:
        until(lambda: first.journal.state().breakers, "a breaker to open")
        first.stop()
    shop.mend("warm", "files")
    with Answering((200, BILL)) as open_cost:
        bill = {"SOLVENT_COSTS__OPEN_COST_URL": open_cost.url, "SOLVENT_COSTS__OPEN_COST_CURRENCY": "EUR"}
        options = ("--as-of", PRESENT, "--settings", str(_settings_file(place)))
        environment = {**_SETTINGS, **bill, "SHOP_URL": f"sqlite:///{_shop_database(place)}"}
        daemon = DaemonProcess(state, shop.plan_path, redis_server.url, *options, settings=environment)
        with daemon:
            until(lambda: daemon.journal.events(BillRead), "the bill")
            _earn(keys, shop, daemon)
            _hold_back(keys, daemon)
            _block(keys, daemon)
            _back_up(state)
            yield daemon


def _settings_file(place: Path) -> Path:
    """A table of the business's own beside the stream, and a channel that leads nowhere."""
    path = place / "settings.toml"
    path.write_text(_SOURCES_AND_CHANNELS, encoding="utf-8")
    return path


def _shop_database(place: Path) -> Path:
    """One payment of this month."""
    path = place / "shop.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        names = ("id INTEGER PRIMARY KEY", *(f"{name} TEXT" for name in _COLUMNS))
        connection.execute(f"CREATE TABLE payments ({', '.join(names)})")
        row = payment_fields("till-1", "2026-11-03", "12.00")
        marks = ", ".join("?" for _ in _COLUMNS)
        connection.execute(f"INSERT INTO payments VALUES (1, {marks})", [row[name] for name in _COLUMNS])
    return path


def _earn(keys: Keys, shop: FileShop, daemon: DaemonProcess) -> None:
    """Three months that are worth level 1, whose database stays in the middle of its activation."""
    begun = shop.hold("activate", "database")
    for month in (8, 9, 10):
        keys.payment(f"p{month}", f"2026-{month:02d}-10", "250.00")
        keys.watermark(f"2026-{month + 1:02d}-01")
    until(begun.exists, "the database to be activated")
    assert 1 == daemon.journal.decided()


def _hold_back(keys: Keys, daemon: DaemonProcess) -> None:
    """An operator's pause, and a payment without an exchange rate."""
    answer(keys, keys.command("pause", scope="up", reason="somebody looks", ttl="1h"))
    keys.payment("dollars", "2026-11-02", "9.00", currency="USD")
    until(lambda: daemon.journal.state().freezes, "decisions to freeze")


def _block(keys: Keys, daemon: DaemonProcess) -> None:
    """A stranger's entry in a stream into which there is something to publish."""
    keys.client.xadd(keys.key("events"), {"hello": "world"}, id=_STRANGERS_ID)
    answer(keys, keys.command("pause", scope="all", reason="something to publish", ttl="1h"))
    until(lambda: '"stream_blocked"' in daemon.log, "the stream to be blocked")


def _back_up(state: Path) -> None:
    """What `solvent backup` and the drill leave in the state directory."""
    made_at = instant_from_text(PRESENT)
    note(state, Success("newest", made_at, took_s=1.5, stored_bytes=4_096, last_sequence=1))
    note(state, DrillOutcome(made_at, ok=True, name="newest", took_s=2.5, limit_s=3_600))
