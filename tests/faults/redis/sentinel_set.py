"""A Redis with a replica and sentinels, all of them real processes that a test may kill, stop and start again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.redis_server.programs import find_program
from tests.conftest import REAL_KINDS
from tests.processes.waiting import until

MASTER: Final = "revenue"
DOWN_AFTER_MS: Final = 1_000
"""Real ones wait longer. Ten times this a replica may have lost its primary, and is still promoted."""


class RedisNode:
    """One process on one port: a data server, or with `role` a sentinel."""

    def __init__(self, program: str, folder: Path, *, role: tuple[str, ...] = ()) -> None:
        """Choose the port; nothing is started."""
        self.folder = folder
        self._program = program
        self._role = role
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True)

    def start(self, *options: str) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, *self._arguments(options)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(self._answers, f"the server on port {self.port} to answer")

    def _arguments(self, options: tuple[str, ...]) -> list[str]:
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder))
        if self._role:
            return [str(self.folder / "sentinel.conf"), *self._role, *place, *options]
        kept = ("--save", "", "--appendonly", "yes", "--repl-diskless-sync-delay", "0")
        return [*place, *kept, *options]

    def client(self, **options: Any) -> redis.Redis:
        """A client of the test's own, which tries nothing twice."""
        return redis.Redis(
            port=self.port, decode_responses=True, retry=Retry(NoBackoff(), 0), socket_timeout=5, **options
        )

    def ask(self, *words: str) -> Any:
        """The answer to one command."""
        with self.client() as client:
            return client.execute_command(*words)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text()[-2_000:])
        try:
            return bool(self.ask("PING"))
        except redis.AuthenticationError:
            return True  # it asks for a password: it is there
        except (redis.RedisError, OSError):
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def forget(self) -> None:
        """Remove what it had written; it must not run."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def end(self) -> None:
        """SIGKILL, also of a stopped one; harmless where it does not run."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class SentinelSet:
    """Two data servers and one or more sentinels that watch them."""

    def __init__(self, folder: Path, *, sentinels: int = 1, password: str = "") -> None:
        """Choose the ports; skips the test where there is no real Redis. `password` is the sentinels' own."""
        program = find_program(REAL_KINDS, (6, 2))
        if program is None:
            pytest.skip("no real redis-server, whose program is the sentinel as well")
        self.first = RedisNode(program.path, folder / "first")
        self.second = RedisNode(program.path, folder / "second")
        self._password = password
        self.sentinels = [
            RedisNode(program.path, folder / f"sentinel-{number}", role=("--sentinel",)) for number in range(sentinels)
        ]
        places = ",".join(f"127.0.0.1:{each.port}" for each in self.sentinels)
        self.url = f"redis+sentinel://{places}/{MASTER}"

    def start(self) -> None:
        """Start all, and wait until the replica has everything and every sentinel knows of both."""
        self.first.start()
        self.second.start("--replicaof", "127.0.0.1", str(self.first.port))
        quorum = len(self.sentinels) // 2 + 1
        for each in self.sentinels:
            lines = (
                f"sentinel monitor {MASTER} 127.0.0.1 {self.first.port} {quorum}",
                f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
                f"sentinel failover-timeout {MASTER} 3000",
                *((f"requirepass {self._password}",) if self._password else ()),
            )
            (each.folder / "sentinel.conf").write_text("".join(f"{line}\n" for line in lines))
            each.start()
        until(lambda: "online" in str(self.first.ask("INFO", "replication")), "the replica to follow")
        until(self._all_known, "the sentinels to know each other and the replica")

    def _all_known(self) -> bool:
        others = len(self.sentinels) - 1
        states = [each.client(password=self._password or None).sentinel_master(MASTER) for each in self.sentinels]
        return all(state["num-slaves"] == 1 and state["num-other-sentinels"] == others for state in states)

    def primary(self) -> RedisNode:
        """Whichever the first sentinel names."""
        with self.sentinels[0].client(password=self._password or None) as client:
            port = int(client.sentinel_master(MASTER)["port"])
        return next(each for each in (self.first, self.second) if each.port == port)

    def cut_replication(self) -> None:
        """From now on the replica gets nothing of what the first server takes, and may not ask for it."""
        self.first.ask("ACL", "SETUSER", "default", "-psync", "-sync")
        self.first.ask("CLIENT", "KILL", "TYPE", "replica")

    def fail_over(self) -> None:
        """Wait until the replica has become the primary, after the first one was hurt."""
        until(lambda: self.primary() is self.second and self.second.ask("ROLE")[0] == "master", "the fail-over")

    def end(self) -> None:
        """End all."""
        for each in (*self.sentinels, self.first, self.second):
            each.end()
