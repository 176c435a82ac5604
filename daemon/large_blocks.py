"""Large blocks of memory in a process that runs for months."""

from __future__ import annotations

import ctypes
from typing import Final

MAPPED_FROM_BYTES: Final = 131_072
"""glibc's own bound at a start. It raises that to the largest block that was ever given back, up to 32 MiB."""
_M_MMAP_THRESHOLD: Final = -3
"""As `malloc.h` has it."""


def keep_large_blocks_apart() -> bool:
    """Have the C library map each large block by itself, so that it is gone when it is freed; whether that is so.

    asyncio asks for 256 KiB for each read of a socket, to keep the little that came. Taken from the heap, such a block
    finds its place of before in pieces now and then and takes the top, and the heap rises: by more than one MiB an hour
    in a soak of an hour, without an end. A read takes 14 us more of a processor for it. Other C libraries have no such
    bound; nothing is done there.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM_BYTES))
