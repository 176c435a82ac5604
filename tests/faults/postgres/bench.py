"""Two real daemons over real PostgreSQL servers, payments that stream meanwhile, and what must hold at the end."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg

from machines.events import PaymentsRecorded
from tests.postgres_server import OWNER, PostgresServer
from tests.processes.daemon_process import DaemonProcess
from tests.processes.redis_place import Keys, RedisServer, keys_of
from tests.processes.waiting import until
from tests.standby.pair import Pair, PostgresFile, says, wait_standing_by
from tests.standby.takeovers import Stream

HURRIED: Final = {"SOLVENT_JOURNAL__CONNECT_TIMEOUT_S": "2", "SOLVENT_JOURNAL__STATEMENT_TIMEOUT_S": "4"}


class Cluster:
    """Several servers under one address, as libpq reads it: the one that takes writes is found."""

    def __init__(self, *servers: PostgresServer) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        """All hosts, in their order."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.servers)
        return f"postgresql://{OWNER}@{hosts}/postgres?target_session_attrs=read-write"


class Bench:
    """A leader and a standby, and the books of what was paid."""

    def __init__(self, folder: Path, server: Any, redis: RedisServer, schema: str) -> None:
        """`server` has the `url` under which both daemons find the journal."""
        self.pair = Pair(folder, server, redis, schema)
        self.redis = redis
        self.leader: DaemonProcess
        self.standby: DaemonProcess

    def look_at(self, server: PostgresServer) -> None:
        """Read the journal at this server, whatever stands between it and the daemons."""
        self.pair.journal = PostgresFile(server.url, self.pair.schema)

    @contextmanager
    def running(self, **variables: str) -> Iterator[Bench]:
        """Both, and nothing of them afterwards."""
        given = {**HURRIED, **variables}
        leader, standby = (self.pair.daemon(name, standby=True, **given) for name in ("first", "second"))
        with leader:
            until(lambda: says(leader, "daemon_ready"), "the first to lead")
            with standby:
                wait_standing_by(standby)
                self.leader, self.standby = leader, standby
                yield self

    @contextmanager
    def paying(self) -> Iterator[Stream]:
        """Payments, one after the other, for as long as the block takes."""
        stream = Stream(self.redis.url)
        stream.start()
        try:
            yield stream
        finally:
            stream.ending.set()
            stream.join()

    @contextmanager
    def keys(self) -> Iterator[Keys]:
        """The daemon's keys."""
        with keys_of(self.redis.url) as keys:
            yield keys

    def wait_taken(self, payments: int, within_s: float = 60.0) -> None:
        """Wait until so many payments are counted."""
        until(lambda: _counted(self.pair.journal).total() >= payments, f"{payments} payments to be counted", within_s)

    def hold(self, sent: list[str]) -> None:
        """Every payment was counted once, and every event of the journal is published once, in its order."""
        self.wait_taken(len(sent))
        counted = _counted(self.pair.journal)
        assert dict.fromkeys(sent, 1) == counted
        with self.keys() as keys:
            until(lambda: keys.published_sequences()[-1:] == [self.last_sequence()], "everything to be published")
            numbers = keys.published_sequences()
        assert list(range(1, numbers[-1] + 1)) == numbers

    def counted(self, payment_id: str) -> int:
        """How often this payment was counted."""
        return _counted(self.pair.journal)[payment_id]

    def last_sequence(self) -> int:
        """Of the newest event."""
        return int(self.pair.journal.execute("SELECT max(sequence) FROM events")[0][0])

    def fencing(self) -> int:
        """The token of whoever leads, or led last."""
        return int(self.pair.journal.execute("SELECT fencing FROM lease")[0][0])


def _counted(journal: PostgresFile) -> Counter[str]:
    with suppress(psycopg.Error):
        events = asyncio.run(journal.events(PaymentsRecorded))
        return Counter(paid.payment_id for each in events for paid in each.counted)
    return Counter()


def asked(daemon: DaemonProcess, path: str, within_s: float = 1.0) -> tuple[int, str, float]:
    """The status and the body of a page, and how long it took; raises where that is longer than `within_s`."""
    began_s = time.monotonic()
    try:
        with urllib.request.urlopen(daemon.wait_ready().http + path, timeout=within_s) as opened:
            status, body = opened.status, opened.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            status, body = refused.code, refused.read().decode()
    return status, body, time.monotonic() - began_s


def said(daemon: DaemonProcess, event: str) -> list[dict[str, Any]]:
    """The log's lines of one event."""
    found = (json.loads(line) for line in daemon.log.splitlines() if line.startswith("{"))
    return [line for line in found if line["event"] == event]
