"""The port of the streams in memory, for simulation: a server that outlives processes, and connections to it.

Nothing here waits for wall-clock time or starts a thread: a blocked read waits on the running loop's time, so a loop
with virtual time owns every delay.
"""

from adapters.memory_streams.server import MemoryServer
from adapters.memory_streams.streams import MemoryStreams

__all__ = ["MemoryServer", "MemoryStreams"]
