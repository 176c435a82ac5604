"""The state directory: held by one daemon at a time, with the facts by which others find it."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import Final, Self

import msgspec

from config.instants import Instant, instant_text
from config.unreadable import UNREADABLE

LOCK_NAME: Final = "lock"
RUN_FACTS_NAME: Final = "run.json"
_HOLDER_BYTES_MAX: Final = 4_096


class Holder(msgspec.Struct, frozen=True):
    """Who holds a state directory, and since when."""

    pid: int
    host: str
    instance: str
    since: str
    """ISO-8601 in UTC."""


class RunFacts(msgspec.Struct, frozen=True):
    """Where a running daemon is found. `redis` and `http` are URLs."""

    pid: int
    instance: str
    http: str = ""
    redis: str = ""
    principals: tuple[str, ...] = ()
    """The operators that have a name: where there are any, nobody is told what to do without one."""


class HeldError(Exception):
    """Another process holds the state directory; the message names it."""

    def __init__(self, directory: Path, holder: Holder | None, *, by_daemon: bool = True) -> None:
        """`by_daemon` says that who wanted it is another daemon: that one may have a directory of its own."""
        who = (
            "a process that has not yet written its name"
            if holder is None
            else (f"pid {holder.pid} on {holder.host}, instance {holder.instance!r}, since {holder.since}")
        )
        super().__init__(
            f"the state directory {directory} is held by {who}; stop that daemon first"
            + (", or give this one its own --state-dir" if by_daemon else ", and start it again afterwards")
        )
        self.holder = holder


class StateDirectory:
    """A held state directory: `with StateDirectory.hold(path, instance=..., since=...) as directory`.

    The hold is the kernel's `flock`: it ends with the process, however that ends, so a killed daemon leaves nothing
    behind that must be cleaned up. Children do not inherit it.
    """

    def __init__(self, path: Path, lock_descriptor: int) -> None:
        self.path = path
        self._lock_descriptor = lock_descriptor

    @classmethod
    def hold(cls, path: Path, *, instance: str, since: Instant, by_daemon: bool = True) -> Self:
        """Take the directory, made with mode 0700 where it is missing; raises `HeldError` and `OSError`.

        `by_daemon` is False for a command that works on the directory of a daemon that is stopped.
        """
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A link is not followed: root restores in a folder of the daemon's user.
        descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            holder = Holder(os.getpid(), socket.gethostname(), instance, instant_text(since))
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, msgspec.json.encode(holder) + b"\n", 0)
        except BlockingIOError:
            held_by = _read_holder(descriptor)
            os.close(descriptor)
            raise HeldError(path, held_by, by_daemon=by_daemon) from None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def write_run_facts(self, facts: RunFacts) -> None:
        """Replace `run.json` (mode 0600) in one step: a reader finds the old facts or the new ones."""
        target = self.path / RUN_FACTS_NAME
        fresh = target.with_suffix(".json.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(facts) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)

    def release(self) -> None:
        """Take `run.json` away and let go. The lock file stays: removing it would let two daemons hold two files."""
        if self._lock_descriptor < 0:
            return
        (self.path / RUN_FACTS_NAME).unlink(missing_ok=True)
        os.close(self._lock_descriptor)
        self._lock_descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.release()


def directory_fault(path: Path) -> str:
    """Why nothing could be written into a state directory now, in a sentence; "" where it could. Nothing is tried."""
    try:
        if not path.is_dir():
            return f"the state directory {path} is {'no directory' if path.exists() else 'gone'}"
        room = os.statvfs(path)
    except OSError as error:
        return f"the state directory {path}: {error.strerror or error}"
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return f"the state directory {path} is not writable for this user, or read-only"
    free = room.f_bfree if os.geteuid() == 0 else room.f_bavail
    if room.f_blocks and not free:
        return f"the state directory {path} is on a disk that is full"
    return ""


def read_run_facts(path: Path) -> RunFacts | None:
    """The facts of the daemon that runs on this state directory; None where none is running or it is not ready."""
    try:
        facts = msgspec.json.decode((path / RUN_FACTS_NAME).read_bytes(), type=RunFacts)
    except (FileNotFoundError, NotADirectoryError, *UNREADABLE):
        return None
    return facts if current_holder(path) is not None else None


def current_holder(path: Path) -> Holder | None:
    """Who holds the state directory now; None where nobody does. A killed daemon's name does not count."""
    try:
        descriptor = os.open(path / LOCK_NAME, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(descriptor)
    else:
        return None
    finally:
        os.close(descriptor)


def _read_holder(descriptor: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(descriptor, _HOLDER_BYTES_MAX, 0), type=Holder)
    except UNREADABLE:
        return None
