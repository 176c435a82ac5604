"""The folder of an embedded server: its lock, its address, its log.

The server inherits the lock, and so holds it as long as it lives, whoever started it and however that one died. A held
lock is the only sign of life that is trusted; the files beside it say where that life is.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from adapters.redis_server.programs import Kind
from config.unreadable import UNREADABLE

LOG_BYTES_READ_MAX: Final = 64 * 1024


class Address(msgspec.Struct, frozen=True):
    """Where the server of this folder listens, or last did."""

    kind: Kind
    port: int


class ServerDirectory:
    """Paths and files under `<state>/redis`; nothing is touched before `make`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log_path = path / "redis.log"
        self.pid_path = path / "redis.pid"
        self._address_path = path / "server.json"

    def make(self) -> None:
        """Create the folder, readable by its owner only; raises `OSError`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def holds_multi_part_file(self) -> bool:
        """Whether Redis 7 or later has written its append-only file here."""
        return (self.path / "appendonlydir").is_dir()

    def lock(self) -> int | None:
        """The descriptor of the lock, or None while a server, or somebody who starts one, holds it."""
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def is_held(self) -> bool:
        """Whether a server lives here, or somebody is just starting one."""
        descriptor = self.lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def address(self) -> Address | None:
        """Where the server listens; None where nothing legible says so."""
        try:
            return msgspec.json.decode(self._address_path.read_bytes(), type=Address)
        except (FileNotFoundError, *UNREADABLE):
            return None

    def write_address(self, address: Address) -> None:
        """Say where the server will listen; written before it starts, so that it can always be found."""
        new = self._address_path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(address))
        new.replace(self._address_path)

    def pid(self) -> int | None:
        """The process id that the server wrote; only to be used while the lock is held."""
        try:
            return int(self.pid_path.read_text())
        except (FileNotFoundError, ValueError):
            return None

    def forget_pid(self) -> None:
        """Remove what an earlier server wrote; to be called with the lock in hand."""
        self.pid_path.unlink(missing_ok=True)

    def turn_log(self) -> None:
        """Begin a new log and keep one before it."""
        with contextlib.suppress(FileNotFoundError):
            self.log_path.replace(self.log_path.with_suffix(".log.1"))

    def log_tail(self) -> str:
        """The end of the log of this start."""
        with self.log_path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES_READ_MAX))
            return log.read().decode(errors="replace")
