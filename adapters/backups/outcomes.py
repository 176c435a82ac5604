"""`backups.json` in the state directory: how the last backup and the last drill went.

    {"version": 1,
     "success": {"name", "made_at", "took_s", "stored_bytes", "last_sequence", "removed"},
     "failure": {"at", "reason"},
     "drill":   {"at", "ok", "name", "took_s", "limit_s", "reason"}}

`success` is the newest backup that was kept, `failure` what went wrong after it, `drill` the newest drill; each is null
until there was one. Times are microseconds since 1970 in UTC.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from adapters.backups.errors import BackupError
from adapters.backups.files import open_lock, read_regular, write_private
from adapters.backups.manifest import INSTANT_MAX
from config.unreadable import UNREADABLE

STATUS_NAME: Final = "backups.json"
_LOCK_NAME: Final = "backups.json.lock"
_BYTES_MAX: Final = 1_048_576
_Moment = Annotated[int, Meta(ge=0, le=INSTANT_MAX)]
_Count = Annotated[int, Meta(ge=0, le=2**50)]
_Took = Annotated[float, Meta(ge=-1e9, le=1e9)]
"""A clock that is set while a backup is made may make it seem negative."""


class Success(msgspec.Struct, frozen=True):
    """A backup that was proven and kept."""

    name: str
    made_at: _Moment
    took_s: _Took
    stored_bytes: _Count
    last_sequence: _Count
    removed: _Count = 0
    """How many older ones the policy let go."""


class Failure(msgspec.Struct, frozen=True):
    """A backup that was not made."""

    at: _Moment
    reason: str


class DrillOutcome(msgspec.Struct, frozen=True):
    """The newest backup was taken back into a scratch folder and verified, or was not."""

    at: _Moment
    ok: bool
    name: str
    took_s: _Took
    limit_s: _Count
    reason: str = ""
    """Why it is not ok."""


class BackupsStatus(msgspec.Struct, frozen=True):
    """How the last ones went; None for what never happened."""

    version: int = 1
    success: Success | None = None
    failure: Failure | None = None
    drill: DrillOutcome | None = None


def read_status(state_dir: Path) -> BackupsStatus:
    """What is known; nothing where the file is missing or is none."""
    try:
        return msgspec.json.decode(read_regular(state_dir / STATUS_NAME, _BYTES_MAX), type=BackupsStatus)
    except (OSError, BackupError, *UNREADABLE):
        return BackupsStatus()


def note(state_dir: Path, what: Success | Failure | DrillOutcome) -> None:
    """Put one outcome into the file, whole or not at all, whoever else writes it; raises `BackupError`, `OSError`."""
    lock = open_lock(state_dir / _LOCK_NAME)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read_status(state_dir)
        match what:
            case Success():
                known = msgspec.structs.replace(known, success=what, failure=None)
            case Failure():
                known = msgspec.structs.replace(known, failure=what)
            case DrillOutcome():
                known = msgspec.structs.replace(known, drill=what)
        write_private(state_dir / STATUS_NAME, msgspec.json.encode(known) + b"\n")
    finally:
        os.close(lock)
