"""Redis streams and hashes as the port `machines.ports.streams.Streams`, on Redis 6.2 and later."""

from adapters.redis_streams.access import RedisAccess
from adapters.redis_streams.commanding import CommandSender
from adapters.redis_streams.sending import PaymentsSender
from adapters.redis_streams.streams import RedisStreams

__all__ = ["CommandSender", "PaymentsSender", "RedisAccess", "RedisStreams"]
