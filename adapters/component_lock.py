"""One lock file per component, held by the script as well as by the daemon that started it.

The script inherits the open file, and with it the lock: where the daemon is killed, the script goes on holding it, and
the next daemon waits for that script instead of running a second one (ARCHITECTURE 4).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.provisioner import Resource

LOCKS_DIRECTORY: Final = "locks"
_WAIT_FIRST_S: Final = 0.02
_WAIT_MAX_S: Final = 1.0
_HOLDER_BYTES_MAX: Final = 64


def lock_path(state_directory: Path, resource: Resource) -> Path:
    """`<state directory>/locks/<plan>.<component>.lock`; a name cannot lead out of the directory."""
    name = f"{quote(resource.plan, safe='')}.{quote(resource.component, safe='')}.lock"
    return state_directory / LOCKS_DIRECTORY / name


class ComponentLock:
    """A held lock: exclusive for a step, shared for a look."""

    def __init__(self, descriptor: int, path: Path) -> None:
        """Take over an open, locked descriptor."""
        self.descriptor = descriptor
        self._path = path

    @classmethod
    async def acquire(cls, path: Path, *, exclusive: bool, wait_s: float, clock: Clock) -> Self:
        """Wait up to `wait_s` for whoever holds it.

        Raises `Ambiguous` when a script still holds it then, `Transient` when the file cannot be made or locked.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Transient(f"the lock {path} cannot be opened: {error.strerror}") from error
        try:
            await _wait_for(descriptor, path, exclusive=exclusive, wait_s=wait_s, clock=clock)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor, path)

    def name_holder(self, process_id: int) -> None:
        """Write down which script holds it, for the message of whoever has to wait. Failing to is no harm."""
        with suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, str(process_id).encode(), 0)

    def close(self, *, answered: bool) -> None:
        """Let go.

        `answered`: the script ended by itself, so the lock ends for everybody, also for what it left running in the
        background. Otherwise only this copy is closed: whatever of the script survived still holds the lock.
        """
        if answered:
            with suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        os.close(self.descriptor)


@asynccontextmanager
async def component_lock(
    state_directory: Path, resource: Resource, *, exclusive: bool, wait_s: float, clock: Clock
) -> AsyncIterator[ComponentLock]:
    """Hold the component's lock while the block runs; raises as `ComponentLock.acquire` does.

    Only a block that knows how its call ended lets go for everybody: after any other end, cancellation among them,
    whatever survived of the call goes on holding the lock.
    """
    path = lock_path(state_directory, resource)
    lock = await ComponentLock.acquire(path, exclusive=exclusive, wait_s=max(0.0, wait_s), clock=clock)
    answered = False
    try:
        yield lock
        answered = True
    except (Transient, Permanent):
        answered = True
        raise
    finally:
        lock.close(answered=answered)


async def _wait_for(descriptor: int, path: Path, *, exclusive: bool, wait_s: float, clock: Clock) -> None:
    operation = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB
    give_up_at_s = clock.monotonic_s() + wait_s
    pause_s = _WAIT_FIRST_S
    while not _locked(descriptor, path, operation):
        left_s = give_up_at_s - clock.monotonic_s()
        if left_s <= 0:
            raise Ambiguous(
                f"an earlier call still runs{_holder(descriptor)} and holds {path}: "
                "wait for it, or end it and look at what it left"
            )
        await clock.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 2, _WAIT_MAX_S)


def _locked(descriptor: int, path: Path, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno == errno.EINTR:
            return False
        raise Transient(f"the lock {path} cannot be taken: {error.strerror}") from error
    return True


def _holder(descriptor: int) -> str:
    with suppress(OSError):
        written = os.pread(descriptor, _HOLDER_BYTES_MAX, 0)
        if written.isdigit():
            return f" (process {written.decode()})"
    return ""
