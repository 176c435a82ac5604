"""What keeps an embedded Redis from starting, in words for the operator."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LOG_LINES_SHOWN: Final = 8
_DAMAGE: Final = ("Bad file format reading the append only file", "Unexpected end of file reading the append only file")
_DAMAGE_ADVICE: Final = (
    "The append-only file of the embedded Redis in {directory} is damaged, and it was left as it is. "
    "What solvent decided is in its journal and is safe; payments that it had not read yet may be in this file. "
    "Copy the folder first; then either run `redis-check-aof --fix` on the file, or move the folder away and import "
    "the payments again: payment ids keep anything from counting twice. Redis said:\n{log}"
)


class EmbeddedRedisError(Exception):
    """The embedded Redis cannot run; the message says why and what to do."""


def is_port_taken(log: str) -> bool:
    """Whether the server ended because another program has its port."""
    return "Address already in use" in log


def ended_at_start(directory: Path, log: str) -> EmbeddedRedisError:
    """The error for a server that ended before it answered."""
    shown = "\n".join(log.splitlines()[-LOG_LINES_SHOWN:])
    if any(text in log for text in _DAMAGE):
        return EmbeddedRedisError(_DAMAGE_ADVICE.format(directory=directory, log=shown))
    return EmbeddedRedisError(f"The embedded Redis in {directory} ended as soon as it was started. It said:\n{shown}")
