"""Large blocks are mapped by themselves, whatever was freed before."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

LOOK = """
import ctypes, sys
from daemon.large_blocks import keep_large_blocks_apart

class Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]

mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Mallinfo2
if "apart" in sys.argv:
    assert keep_large_blocks_apart()
bytearray(4 << 20)  # given back at once: from here on glibc takes blocks of this size from the heap
before = mallinfo2().hblks
block = bytearray(256 << 10)
print(mallinfo2().hblks - before)
"""


@pytest.mark.parametrize(("argument", "mapped"), [("apart", "1"), ("as it is", "0")])
def test_a_read_of_a_socket_takes_nothing_from_the_heap(argument: str, mapped: str) -> None:
    """256 KiB, as asyncio asks for: mapped by itself, also after a larger one was freed."""
    if not hasattr(ctypes.CDLL(None), "mallinfo2"):
        pytest.skip("this C library is not glibc 2.33 or newer")
    told = subprocess.run([sys.executable, "-c", LOOK, argument], capture_output=True, text=True, check=True)

    assert mapped == told.stdout.strip()
