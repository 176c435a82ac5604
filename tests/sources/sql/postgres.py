"""A real PostgreSQL of a test's own, from Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.processes.waiting import until

_ACCOUNT: Final = "postgres"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Postgres:
    """One server on a free port."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self._folder = folder
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"postgresql+psycopg://{_ACCOUNT}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """The files of an empty server."""
        command = [self._binaries / "initdb", "-D", self._folder / "data", "-U", _ACCOUNT, "-A", "trust", "--no-sync"]
        subprocess.run([*command, "--no-instructions"], check=True, capture_output=True, **_unprivileged())

    def start(self) -> None:
        """Run it, without a disk's promises: a test needs none."""
        place = ["-D", self._folder / "data", "-p", str(self.port), "-k", self._folder, "-h", "127.0.0.1"]
        quick = ["-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=20"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", *place, *quick], stdout=log, stderr=log, **_unprivileged()
            )
        until(self._answers, "PostgreSQL to answer")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        command = [self._binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q"]
        return subprocess.run(command, check=False).returncode == 0

    def kill(self) -> None:
        """At once, as a machine that loses power."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()


def _unprivileged() -> dict[str, object]:
    """PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(_ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server that is up; skips where there is none."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, _ACCOUNT)
    server = Postgres(folder, binaries)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
