"""Where a script's output goes: an unnamed file that outlives nobody and is cut when it grows too long.

A file and not a pipe: a script whose daemon was killed would die of SIGPIPE half-way through its work, with a file it
ends in peace. Processes it leaves in the background cannot hold the daemon up either.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

OUTPUT_BYTES_MAX: Final = 262_144
"""More than this of one stream is discarded, the oldest first."""
TAIL_BYTES_MAX: Final = 2_000
"""How much of the end is kept for messages."""


class Output:
    """One stream of one script."""

    def __init__(self, directory: Path) -> None:
        """Open the file; raises `OSError` where the directory cannot hold one."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Kept open past this line on purpose: `__exit__` closes it.
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - it lives as long as this object
        self.descriptor = self._file.fileno()
        # Appending, so that the script goes on at the new end after the file was cut.
        flags = fcntl.fcntl(self.descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
        self._cut_tail = b""
        self.discarded = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def bound(self) -> None:
        """Cut the file where it has grown over the limit; called every so often while the script runs."""
        size_bytes = os.fstat(self.descriptor).st_size
        if size_bytes > OUTPUT_BYTES_MAX:
            self._cut_tail = os.pread(self.descriptor, TAIL_BYTES_MAX, size_bytes - TAIL_BYTES_MAX)
            os.ftruncate(self.descriptor, 0)
            self.discarded = True

    def whole(self) -> bytes | None:
        """All that was written; None where some of it was discarded."""
        self.bound()
        return None if self.discarded else os.pread(self.descriptor, OUTPUT_BYTES_MAX, 0)

    def tail(self) -> str:
        """The last lines in one, for a message; undecodable bytes replaced, control characters made blanks."""
        size_bytes = os.fstat(self.descriptor).st_size
        end = os.pread(self.descriptor, TAIL_BYTES_MAX, max(0, size_bytes - TAIL_BYTES_MAX))
        text = (self._cut_tail + end)[-TAIL_BYTES_MAX:].decode(errors="replace")
        return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
