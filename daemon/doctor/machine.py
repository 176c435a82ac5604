"""The machine: room, clock, and who may read and write what."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from config.settings import Settings
from daemon.assembly.doctor import clock_facts, facts_of, room_at, user_id
from daemon.doctor.findings import Finding, problem, unknown, warning, well

ROOM_BYTES_MIN: Final = 100_000_000
"""Less is a problem: a busy journal grows by some megabytes an hour, and a backup needs the journal's size again."""
ROOM_BYTES_LOW: Final = 1_000_000_000
INODES_MIN: Final = 1_000
CLOCK_ERROR_MAX_S: Final = 1.0
_GROUP_OR_OTHERS: Final = 0o077
_WRITE_BY_OTHERS: Final = 0o022
_JOURNAL_FILES: Final = (
    "journal.sqlite",
    "journal.sqlite-wal",
    "journal.sqlite-shm",
    "journal.json",
    "backups.json",
    "run.json",
    "lock",
)


def disk(settings: Settings) -> Iterator[Finding]:
    """Bytes and inodes where the journal is, and where backups go."""
    places = {"the state directory": settings.state_dir}
    if settings.backup.to.startswith("/"):
        places["the folder of backups"] = settings.backup.to
    for name, path in places.items():
        room = room_at(Path(path))
        text = f"{name} {path} has {room.free_bytes / 1e9:.1f} GB free of {room.total_bytes / 1e9:.1f}"
        mend = f"make room on the file system of {path}: `du -xh --max-depth=2 / | sort -h | tail`"
        if room.free_bytes < ROOM_BYTES_MIN:
            yield problem("disk", text, mend)
        elif room.free_bytes < ROOM_BYTES_LOW:
            yield warning("disk", text, mend)
        else:
            yield well("disk", text)
        if room.total_inodes and room.free_inodes < INODES_MIN:
            yield problem(
                "disk",
                f"{name} {path} has {room.free_inodes} inodes free of {room.total_inodes}",
                f"remove small files on the file system of {path}: `df -i {path}`",
            )


def clock() -> Iterator[Finding]:
    """Whether something keeps the clock right."""
    facts = clock_facts()
    if facts is None:
        yield unknown("clock", "the kernel does not say whether its clock is kept right", "see `timedatectl`")
    elif not facts.synchronised:
        yield warning(
            "clock",
            "nothing keeps the machine's clock right: months and deadlines are judged by it",
            "timedatectl set-ntp true, or install chrony",
        )
    elif facts.error_max_s > CLOCK_ERROR_MAX_S:
        yield warning(
            "clock", f"the clock may be {facts.error_max_s:.1f} s from the truth", "see `timedatectl timesync-status`"
        )
    else:
        yield well("clock", f"the clock is kept right, within {facts.error_max_s * 1000:.0f} ms")


def permissions(settings: Settings, settings_file: str | None) -> Iterator[Finding]:
    """State that only its owner reads; nobody else writes what the daemon obeys."""
    folder = Path(settings.state_dir)
    facts = facts_of(folder)
    if facts is None:
        yield unknown("permissions", f"there is no {folder} yet", "solvent run makes it")
        return
    found = list(_state_permissions(folder, facts.mode, facts.owner_id))
    obeyed = [path for path in (settings_file, settings.plan if "/" in settings.plan else None) if path]
    found += [each for path in obeyed for each in _obeyed(Path(path))]
    found += list(_backup_folder(settings.backup.to))
    yield from found or [well("permissions", f"only its owner reads {folder}; nobody else writes what is obeyed")]


def _state_permissions(folder: Path, mode: int, owner_id: int) -> Iterator[Finding]:
    if mode & _WRITE_BY_OTHERS:
        mend = f"chmod 0700 {folder}, then solvent verify"
        yield problem("permissions", f"{folder} has mode {mode:04o}: others may replace the journal", mend)
    elif mode & _GROUP_OR_OTHERS:
        yield warning("permissions", f"{folder} has mode {mode:04o}: others may look in", f"chmod 0700 {folder}")
    if user_id() not in (0, owner_id):
        yield warning(
            "permissions", f"{folder} belongs to another user (uid {owner_id})", "run as that user, or as root"
        )
    for name in _JOURNAL_FILES:
        facts = facts_of(folder / name)
        if facts is not None and facts.mode & _GROUP_OR_OTHERS:
            path = folder / name
            yield problem("permissions", f"{path} has mode {facts.mode:04o}: others may read it", f"chmod 0600 {path}")


def _backup_folder(to: str) -> Iterator[Finding]:
    facts = facts_of(Path(to)) if to.startswith("/") else None
    if facts is not None and facts.mode & stat.S_IWOTH and not facts.mode & stat.S_ISVTX:
        text = f"{to} has mode {facts.mode:04o}: everybody may remove or replace backups"
        yield problem("permissions", text, f"chmod o-w {to}")


def _obeyed(path: Path) -> Iterator[Finding]:
    facts = facts_of(path)
    if facts is not None and facts.mode & _WRITE_BY_OTHERS:
        yield problem(
            "permissions",
            f"{path} has mode {facts.mode:04o}: others may write what the daemon obeys",
            f"chmod go-w {path}",
        )
