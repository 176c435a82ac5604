"""`rediss+sentinel://`: TLS to the sentinels and to the Redis that they name, both checked against the authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from adapters.redis_server.programs import find_program
from adapters.redis_streams import RedisAccess, RedisStreams
from config.settings import RedisAccessSettings
from machines.ports.streams import StreamsAwayError
from tests.console.guarded_redis import Certificates
from tests.contracts.streams import numbers_in, outgoing
from tests.faults.redis.sentinel_set import MASTER, RedisNode


class TlsNode(RedisNode):
    """One that speaks nothing but TLS."""

    def __init__(self, program: str, folder: Path, certificates: Certificates, *, role: tuple[str, ...] = ()) -> None:
        """Choose the port; nothing is started."""
        super().__init__(program, folder, role=role)
        self._certificates = certificates

    def serve(self) -> None:
        """Start it; skips the test where the program was built without TLS."""
        files = self._certificates
        told = (
            *("--port", "0", "--tls-port", str(self.port), "--tls-replication", "yes", "--tls-auth-clients", "no"),
            *("--tls-cert-file", files.server, "--tls-key-file", files.key, "--tls-ca-cert-file", files.authority),
        )
        try:
            self.start(*told)
        except AssertionError as error:
            if "Bad directive" in str(error):
                pytest.skip("this redis-server speaks no TLS")
            raise

    def client(self, **options: Any) -> redis.Redis:
        """The same over TLS."""
        tls = {"host": "localhost", "ssl": True, "ssl_ca_certs": self._certificates.authority}
        return super().client(**tls, **options)


@pytest.fixture
def address(tmp_path: Path, certificates: Certificates) -> Iterator[str]:
    """Of a Redis and its sentinel, which names it as its certificate does."""
    program = find_program(("redis-server",), (6, 2))
    if program is None:
        pytest.skip("no redis-server on PATH")
    server = TlsNode(program.path, tmp_path / "server", certificates)
    sentinel = TlsNode(program.path, tmp_path / "sentinel", certificates, role=("--sentinel",))
    lines = (
        "sentinel resolve-hostnames yes",
        "sentinel announce-hostnames yes",
        f"sentinel monitor {MASTER} localhost {server.port} 1",
    )
    (sentinel.folder / "sentinel.conf").write_text("".join(f"{line}\n" for line in lines))
    try:
        server.serve()
        sentinel.serve()
        yield f"rediss+sentinel://localhost:{sentinel.port}/{MASTER}"
    finally:
        sentinel.end()
        server.end()


async def test_both_speak_tls(address: str, certificates: Certificates) -> None:
    """The authority of the settings vouches for the sentinel and the primary; nobody else's word is taken."""
    trusting = RedisStreams(address, "tls", access=RedisAccess(RedisAccessSettings(ca_file=certificates.authority), {}))
    doubting = RedisStreams(address, "tls")
    await trusting.publish("events", outgoing(1), 100)

    assert [1] == await numbers_in(trusting, "events")
    with pytest.raises(StreamsAwayError, match=r"none of its sentinels.*CERTIFICATE_VERIFY_FAILED"):
        await doubting.publish("events", outgoing(2), 100)
    for each in (trusting, doubting):
        await each.close()
