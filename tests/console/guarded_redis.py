"""A real Redis behind TLS with the users of `solvent redis-acl`, in a folder of a test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.redis_server.programs import RedisProgram, find_program
from adapters.redis_streams import RedisAccess
from config.redis_acl import AclUser, acl_file, acl_users, password_hash
from config.secret import Secret
from config.settings import RedisAccessSettings
from tests.mqtt.authority import Authority
from tests.processes.waiting import until

HOST: Final = "localhost"
ADMINISTRATOR: Final = "root"


class Certificates:
    """An authority and what it issued for the server, made once for all tests of a worker."""

    def __init__(self, folder: Path) -> None:
        """Skips the test where there is no openssl."""
        if shutil.which("openssl") is None:
            pytest.skip("no openssl on PATH, which makes the certificates of this test")
        authority = Authority(folder, "authority")
        self.authority = authority.pem
        self.server, self.key = authority.issue("server")


class GuardedRedis:
    """One server; everybody's password is `<user>-password`, in a file of the same name."""

    def __init__(self, folder: Path, certificates: Certificates | None, program: RedisProgram | None = None) -> None:
        """Choose the port; nothing is started. Without certificates it speaks plainly."""
        self.folder = folder
        self._certificates = certificates
        self._program = program
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self.port: int = chosen.getsockname()[1]
        self.url = f"{'redis' if certificates is None else 'rediss'}://{HOST}:{self.port}"
        self.acl_path = folder / "users.acl"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def certificates(self) -> Certificates:
        """Those of a server that speaks TLS."""
        assert self._certificates is not None
        return self._certificates

    def load(self, users: Sequence[AclUser]) -> None:
        """Write the users' passwords and the ACL file; a running server loads it."""
        self.folder.mkdir(exist_ok=True)
        for user in users:
            self.password_path(user.name).write_text(f"{user.name}-password\n")
        hashes = {user.name: password_hash(Secret(f"{user.name}-password")) for user in users}
        self.load_text(acl_file(users, hashes))

    def load_text(self, text: str) -> None:
        """The same with the file as it is."""
        self.acl_path.write_text(text)
        if self._process is not None:
            until(self._loaded, "the server to load the users")

    def _loaded(self) -> bool:
        """Loading ends the connections of every user, and so perhaps this one before its answer."""
        try:
            with self.client(ADMINISTRATOR) as administrator:
                administrator.acl_load()
        except redis.ConnectionError:
            return False
        return True

    def password_path(self, user: str) -> Path:
        """Where the user's password is."""
        return self.folder / f"{user}.password"

    def start(self, asks_certificate: str = "no") -> None:
        """Start it with what was loaded; `asks_certificate` is its `tls-auth-clients`."""
        program = self._program or find_program(("redis-server",), (7, 0))
        if program is None:
            pytest.skip("no redis-server 7 or later on PATH: older ones cannot tell reading a key from writing it")
        options = {
            **self._listening(asks_certificate),
            "aclfile": str(self.acl_path),
            "dir": str(self.folder),
            "save": "",
            "bind": "127.0.0.1",
        }
        log = self.folder / "server.log"
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [program.path, *(part for name, value in options.items() for part in (f"--{name}", value))],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

        def serves() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                said = log.read_text()
                if "Bad directive" in said or "tls" in said.lower():
                    pytest.skip(f"this redis-server speaks no TLS: {said[-300:]}")
                raise AssertionError(said[-2000:])
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        until(serves, "the guarded Redis to serve")

    def _listening(self, asks_certificate: str) -> dict[str, str]:
        if self._certificates is None:
            return {"port": str(self.port)}
        return {
            "port": "0",
            "tls-port": str(self.port),
            "tls-cert-file": self.certificates.server,
            "tls-key-file": self.certificates.key,
            "tls-ca-cert-file": self.certificates.authority,
            "tls-auth-clients": asks_certificate,
        }

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def access(self, user: str, /, **changed: str) -> RedisAccess:
        """How the daemon's clients make themselves known as this user."""
        settings: dict[str, Any] = {
            "user": user,
            "password": f"file:{self.password_path(user)}",
            "ca_file": "" if self._certificates is None else self.certificates.authority,
            **changed,
        }
        return RedisAccess(RedisAccessSettings(**settings), os.environ)

    def client(self, user: str) -> redis.Redis:
        """A client of the test's own, as this user."""
        tls: dict[str, Any] = {}
        if self._certificates is not None:
            tls = {"ssl": True, "ssl_ca_certs": self.certificates.authority, "ssl_cert_reqs": ssl.CERT_REQUIRED}
        return redis.Redis(
            host=HOST,
            port=self.port,
            username=user,
            password=f"{user}-password",
            decode_responses=True,
            **tls,
            retry=Retry(NoBackoff(), 0),
        )

    def environment(self, user: str) -> dict[str, str]:
        """The settings of a daemon or command that is this user."""
        return {
            "SOLVENT_REDIS_ACCESS__USER": user,
            "SOLVENT_REDIS_ACCESS__PASSWORD": f"file:{self.password_path(user)}",
            "SOLVENT_REDIS_ACCESS__CA_FILE": self.certificates.authority,
        }


def shop_users(version: int = 7, instance: str = "solvent") -> tuple[AclUser, ...]:
    """The users of an instance with two operators and an administrator."""
    return acl_users(version=version, instance=instance, principals=("alice", "bob"), administrator=ADMINISTRATOR)


def run_async(work: Any) -> Any:
    """The result of a coroutine, on a loop of its own."""
    return asyncio.run(work)
