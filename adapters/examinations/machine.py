"""The machine: room on a disk, who may read a file, whether the clock is kept right."""

from __future__ import annotations

import ctypes
import os
import stat
from pathlib import Path
from typing import Final

import msgspec

STA_UNSYNC: Final = 0x0040
_MICROS_PER_S: Final = 1_000_000


class Room(msgspec.Struct, frozen=True):
    """What is left on the file system of a path, for this user."""

    free_bytes: int
    total_bytes: int
    free_inodes: int
    total_inodes: int
    """0 on a file system that counts none, such as btrfs."""


class FileFacts(msgspec.Struct, frozen=True):
    """Who owns a file and who may do what with it."""

    mode: int
    """The permission bits."""
    owner_id: int
    is_directory: bool
    size_bytes: int


class ClockFacts(msgspec.Struct, frozen=True):
    """What the kernel knows of its clock."""

    synchronised: bool
    """Whether something keeps it right, such as systemd-timesyncd or chrony."""
    error_max_s: float
    """So far it may be from the truth, as the kernel reckons."""


class _Time(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("fraction", ctypes.c_long)]


class _Timex(ctypes.Structure):
    """`struct timex` of adjtimex(2)."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("error_max", ctypes.c_long),
        ("error_estimated", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _Time),
        ("tick", ctypes.c_long),
        ("rest", ctypes.c_long * 32),
    ]


def room_at(path: Path) -> Room:
    """The room at a path, or at the nearest folder above it that exists. Raises `OSError`."""
    found = os.statvfs(_existing(path))
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize, found.f_favail, found.f_files)


def facts_of(path: Path) -> FileFacts | None:
    """Who may do what with a file or folder; None where there is none. Raises `OSError` where nobody may look."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileFacts(stat.S_IMODE(found.st_mode), found.st_uid, stat.S_ISDIR(found.st_mode), found.st_size)


def clock_facts() -> ClockFacts | None:
    """What the kernel says of its clock; None where it says nothing (no Linux, or a sandbox that forbids the call)."""
    timex = _Timex(modes=0)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        state = library.adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    if state < 0:
        return None
    return ClockFacts(not timex.status & STA_UNSYNC, timex.error_max / _MICROS_PER_S)


def user_id() -> int:
    """Who asks."""
    return os.geteuid()


def _existing(path: Path) -> Path:
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
