"""Two machines in one test: a real PostgreSQL, a real Redis, and daemons that share a journal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import psycopg

from adapters.postgres_journal import PostgresPlace, ReadOnlyPostgresJournal
from config.secret import Secret
from machines.events import Event, Recorded, Started
from machines.state.whole import FOLD_VERSION, State, fold
from tests.postgres_server import PostgresServer
from tests.processes.daemon_process import PROGRAM, DaemonProcess
from tests.processes.file_shop import FileShop
from tests.processes.redis_place import RedisServer
from tests.processes.waiting import until
from tests.tcp_proxy import TcpProxy

QUICK_LEASE: Final = {"SOLVENT_LEASE__TTL_S": "4", "SOLVENT_LEASE__RENEW_EVERY_S": "1", "SOLVENT_LEASE__MARGIN_S": "1"}
Kind = TypeVar("Kind", bound=Event)


class PostgresFile:
    """The journal as its schema shows it, past every proxy."""

    def __init__(self, url: str, schema: str) -> None:
        self.place = PostgresPlace(Secret(url), schema)

    async def recorded(self, after: int = 0) -> list[Recorded]:
        """All events after a sequence number."""
        journal = ReadOnlyPostgresJournal.open(self.place, fold_version=FOLD_VERSION)
        try:
            return [each async for each in journal.read(after=after)]
        finally:
            await journal.close()

    async def events(self, kind: type[Kind]) -> list[Kind]:
        """All events of one kind."""
        return [each.event for each in await self.recorded() if isinstance(each.event, kind)]

    async def state(self) -> State:
        """The fold of all events."""
        state = State()
        for each in await self.recorded():
            fold(state, each)
        return state

    async def leads(self) -> list[int]:
        """The fencing tokens of all starts, in order."""
        return [each.fencing for each in await self.events(Started)]

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """A statement in the journal's schema."""
        with psycopg.connect(self.place.url.reveal(), options=f"-c search_path={self.place.schema}") as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def wait_for_lead(self, after: int = 0, within_s: float = 60.0) -> int:
        """The fencing token of whoever leads under a higher one than `after`."""

        def led() -> int:
            try:
                rows = self.execute("SELECT fencing FROM lease WHERE holder <> ''")
            except psycopg.Error:
                return 0
            return int(rows[0][0]) if rows and rows[0][0] > after else 0

        return until(led, f"somebody to lead under a token above {after}", within_s)


class Pair:
    """What two daemons share, and the daemons."""

    def __init__(self, folder: Path, server: PostgresServer, redis: RedisServer, schema: str) -> None:
        self.folder = folder
        self.server = server
        self.redis = redis
        self.schema = schema
        self.shop = FileShop(folder / "shop")
        self.journal = PostgresFile(server.url, schema)

    def daemon(
        self,
        name: str,
        *options: str,
        standby: bool = False,
        proxy: TcpProxy | None = None,
        plan: Path | None = None,
        wrapper: Sequence[str] = (),
        **variables: str,
    ) -> DaemonProcess:
        """A daemon of this journal, not yet started, on `wrapper`; `proxy` stands between it and PostgreSQL."""
        url = self.server.url if proxy is None else f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"
        settings = {
            **QUICK_LEASE,
            "SOLVENT_JOURNAL__URL": "env:TEST_JOURNAL_URL",
            "SOLVENT_JOURNAL__SCHEMA": self.schema,
            "TEST_JOURNAL_URL": url,
            **variables,
        }
        given = ("--act", *(("--standby",) if standby else ()), *options)
        place = self.folder / name
        return DaemonProcess(
            place, plan or self.shop.plan_path, self.redis.url, *given, settings=settings, wrapper=wrapper
        )

    def command(self, *words: str, state: str) -> tuple[int, str]:
        """A command of `solvent` beside the daemon of this name: its exit code and what it said."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("SOLVENT_")}
        done = subprocess.run(
            [PROGRAM, *words, "--state-dir", str(self.folder / state)],
            check=False,
            capture_output=True,
            text=True,
            env={**kept, "TEST_JOURNAL_URL": self.server.url},
        )
        return done.returncode, done.stdout + done.stderr

    def daemons(self, state: str) -> dict[str, Any]:
        """Who leads and who stands by, as `solvent status` says it."""
        code, said = self.command("status", "--format", "json", state=state)
        assert code == 0, said
        shown: dict[str, Any] = msgspec.json.decode(said)["daemons"]
        return shown


def says(daemon: DaemonProcess, event: str) -> bool:
    """Whether its log has the event."""
    return f'"event":"{event}"' in daemon.log


def wait_standing_by(daemon: DaemonProcess) -> None:
    """It stands by and has seen who leads."""
    until(lambda: '"event":"standing_by","leader":"' in daemon.log, "it to stand by")
    daemon.wait_ready()


def ended_at(daemon: DaemonProcess) -> int | None:
    """Its exit code; None while it runs."""
    process = daemon._process
    return None if process is None else process.poll()
