"""Redis streams and hashes as the port `machines.ports.streams.Streams`, on Redis 6.2 and later."""

from adapters.redis_streams.streams import RedisStreams

__all__ = ["RedisStreams"]
