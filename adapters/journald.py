"""How a line tells journald its level: a prefix that journald takes off again (sd-daemon(3)).

The message stays one JSON object, so that `journalctl -t solvent -o cat | jq` works, and `journalctl -u solvent -p err`
too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO, Final

from structlog.types import EventDict, Processor, WrappedLogger

_PREFIXES: Final = {"debug": b"<7>", "info": b"<6>", "warning": b"<4>", "error": b"<3>", "critical": b"<2>"}


def is_journal(out: BinaryIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether what is written to `out` goes to journald: `$JOURNAL_STREAM` names its device and inode."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):  # in memory, or closed
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


def levelled(render: Processor) -> Processor:
    """The renderer's bytes behind the prefix of the line's level."""

    def rendered(logger: WrappedLogger, method: str, line: EventDict) -> bytes:
        prefix = _PREFIXES.get(str(line.get("level")), b"")
        text = render(logger, method, line)
        return prefix + text if isinstance(text, bytes) else prefix + str(text).encode("utf-8", "replace")

    return rendered
