"""Real file systems of a test's own on which things go wrong; each skips the test where it cannot be made."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

IMAGE_BYTES: Final = 24 * 1024 * 1024


def _run(*command: str) -> None:
    """Run a tool that needs root, or skip."""
    try:
        subprocess.run(command, capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        pytest.skip(f"needs root and `{command[0]}`: a file system of the test's own")


@contextlib.contextmanager
def tmpfs(directory: Path, options: str) -> Iterator[Path]:
    """A file system in memory with these mount options."""
    directory.mkdir()
    _run("mount", "-t", "tmpfs", "-o", options, "solvent-test", str(directory))
    try:
        yield directory
    finally:
        subprocess.run(["umount", "-l", str(directory)], capture_output=True, timeout=30, check=True)


def fill(ballast: Path) -> None:
    """Take all the room that is left."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4_096)


class Ext4:
    """An ext4 on a file whose own disk can run out of room: what is written then fails as on a dying disk."""

    def __init__(self, directory: Path, below: Path) -> None:
        """`below` is where the file with its blocks lies."""
        self.directory = directory
        self._ballast = below / "ballast"

    def begin_errors(self) -> None:
        """From now on a block that was never written cannot be: EIO."""
        fill(self._ballast)

    def end_errors(self) -> None:
        """The disk works again."""
        self._ballast.unlink()

    def fall_read_only(self) -> None:
        """What the kernel does after an error in the file system's own blocks."""
        for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            device, place = line.split()[:2]
            if place == str(self.directory):
                trigger = Path("/sys/fs/ext4") / Path(device).name / "trigger_fs_error"
                trigger.write_text("1\n")
                return
        raise AssertionError(f"{self.directory} is not mounted")


@contextlib.contextmanager
def ext4(directory: Path) -> Iterator[Ext4]:
    """A fresh ext4 in `directory`."""
    with tmpfs(directory.with_name(f"{directory.name}-below"), "size=12m,mode=700") as below:
        image = below / "image"
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        _run("mkfs.ext4", "-q", "-O", "^has_journal", "-E", "lazy_itable_init=1", str(image))
        directory.mkdir()
        _run("mount", "-o", "loop,errors=remount-ro", str(image), str(directory))
        try:
            yield Ext4(directory, below)
        finally:
            subprocess.run(["umount", "-l", str(directory)], capture_output=True, timeout=30, check=True)
