"""A Redis of our own, for whoever has none: the real one where there is one, else an imitation that says so."""

from adapters.redis_server.embedded import EmbeddedRedis
from adapters.redis_server.faults import EmbeddedRedisError

__all__ = ["EmbeddedRedis", "EmbeddedRedisError"]
