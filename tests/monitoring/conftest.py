"""The shop, its Redis and its keys, as for the tests of processes."""

from tests.processes.conftest import keys, redis_server, shop

__all__ = ["keys", "redis_server", "shop"]
