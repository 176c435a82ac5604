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
from typing import Final

import msgspec

from adapters.backups.files import give_to_owner, write_private
from config.instants import Instant

STATUS_NAME: Final = "backups.json"
_LOCK_NAME: Final = "backups.json.lock"


class Success(msgspec.Struct, frozen=True):
    """A backup that was proven and kept."""

    name: str
    made_at: Instant
    took_s: float
    stored_bytes: int
    last_sequence: int
    removed: int = 0
    """How many older ones the policy let go."""


class Failure(msgspec.Struct, frozen=True):
    """A backup that was not made."""

    at: Instant
    reason: str


class DrillOutcome(msgspec.Struct, frozen=True):
    """The newest backup was taken back into a scratch folder and verified, or was not."""

    at: Instant
    ok: bool
    name: str
    took_s: float
    limit_s: int
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
        return msgspec.json.decode((state_dir / STATUS_NAME).read_bytes(), type=BackupsStatus)
    except (OSError, msgspec.MsgspecError):
        return BackupsStatus()


def note(state_dir: Path, what: Success | Failure | DrillOutcome) -> None:
    """Put one outcome into the file, whole or not at all, whoever else writes it; raises `OSError`."""
    lock = os.open(state_dir / _LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        give_to_owner(state_dir / _LOCK_NAME)
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
