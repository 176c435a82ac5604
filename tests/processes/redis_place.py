"""A Redis server that a test may kill, and the instance's keys on it as a person with `redis-cli` sees them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from adapters.redis_server import EmbeddedRedis
from adapters.redis_streams.names import key_prefix
from tests.conftest import REAL_KINDS
from tests.processes.waiting import until


class RedisServer:
    """One real server in a directory of its own, on one port for the whole test."""

    def __init__(self, directory: Path) -> None:
        """Choose the port; nothing is started."""
        self._directory = directory
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self._server = EmbeddedRedis(directory, port=self.port, kinds=REAL_KINDS)

    def start(self) -> None:
        """Start it with what its directory holds, and wait until it serves; raises `EmbeddedRedisError`."""
        asyncio.run(self._server.start())

    @property
    def pid(self) -> int:
        """Its process id; raises `AssertionError` where it does not run."""
        assert self._server.pid is not None
        return self._server.pid

    def kill(self) -> None:
        """End it as a power cut would; its directory keeps what was written."""
        pid = self._server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: not _answers(self.port), "the killed Redis to be gone")
        self.stop()  # reaps it

    def forget(self) -> None:
        """Remove what it had written; it must not run."""
        shutil.rmtree(self._directory / "redis", ignore_errors=True)

    def stop(self) -> None:
        """End it."""
        asyncio.run(self._server.stop())


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Keys:
    """The streams and hashes of one instance."""

    def __init__(self, client: redis.Redis, instance: str) -> None:
        """`client` decodes its answers."""
        self.client = client
        self.commands_stream = "commands"
        self._prefix = key_prefix(instance)

    def key(self, name: str) -> str:
        """The full name of a key."""
        return self._prefix + name

    def add(self, stream: str, fields: Mapping[Any, Any]) -> str:
        """Append an entry, as `XADD` does; its id."""
        return str(self.client.xadd(self.key(stream), dict(fields)))

    def payment(self, payment_id: str, day: str, amount: str, **changed: str) -> str:
        """Append a completed payment at noon of a day; the entry's id."""
        return self.add("payments", payment_fields(payment_id, day, amount, **changed))

    def watermark(self, day: str) -> str:
        """Say that all payments before this day were sent; the entry's id."""
        return self.add("payments", {"watermark": f"{day}T00:00:00Z"})

    def command(self, verb: str, **fields: str) -> str:
        """Append a command; the entry's id."""
        return self.add(self.commands_stream, {"verb": verb, **fields})

    def entries(self, stream: str) -> list[tuple[str, dict[str, str]]]:
        """All entries of a stream."""
        found: Any = self.client.xrange(self.key(stream))
        return [(str(entry_id), dict(fields)) for entry_id, fields in found]

    def published_sequences(self) -> list[int]:
        """The numbers of the events in `solvent:events`, in order."""
        return [int(fields["sequence"]) for _, fields in self.entries("events")]

    def hash(self, name: str) -> dict[str, str]:
        """All fields of a hash."""
        found: Any = self.client.hgetall(self.key(name))
        return dict(found)


def payment_fields(payment_id: str, day: str, amount: str, **changed: str) -> dict[str, str]:
    """A completed payment at noon of a day, in EUR."""
    fields = {
        "payment_id": payment_id,
        "customer_id": f"customer-{payment_id}",
        "amount": amount,
        "currency": "EUR",
        "status": "completed",
        "created_at": f"{day}T12:00:00Z",
        "kind": "payment",
    }
    return {**fields, **changed}


@contextmanager
def keys_of(url: str, instance: str = "solvent") -> Iterator[Keys]:
    """The instance's keys through a connection of the test's own."""
    client = redis.Redis.from_url(url, decode_responses=True)
    try:
        yield Keys(client, instance)
    finally:
        client.close()
