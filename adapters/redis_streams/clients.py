"""The two clients of an instance: one that may block while it reads, one that writes and never repeats itself."""

from __future__ import annotations

from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.redis_streams.access import ANONYMOUS, RedisAccess, access_options
from adapters.redis_streams.names import client_name, url_without_password
from config.redis_address import has_password

CONNECTIONS_MAX: Final = 16
"""Per client; each of the few actors that talk to Redis uses one at a time."""


def make_client(
    url: str,
    instance: str,
    role: str,
    connect_timeout_s: float,
    health_check_interval_s: int,
    *,
    access: RedisAccess = ANONYMOUS,
) -> Redis:
    """A client that has not connected yet; raises `ValueError` for a URL that names no Redis.

    No retries: a write whose reply was lost would be written twice, and the caller waits between its attempts anyway.
    The protocol is pinned, because the shape of stream replies depends on it. Options in the URL's query yield to ours.
    """
    try:
        wished: dict[str, Any] = dict(parse_url(url))
    except ValueError as error:
        shown = url_without_password(url)
        # The parser's own words may show a piece of the password.
        why = "" if has_password(url) else f" ({error})"
        raise ValueError(f"expected an address such as redis://127.0.0.1:6379, found {shown!r}{why}") from None
    pinned: dict[str, Any] = {
        "client_name": client_name(instance, role),
        "decode_responses": True,
        "driver_info": None,  # CLIENT SETINFO is unknown before 7.2, and nothing here needs it
        "encoding": "utf-8",
        "encoding_errors": "replace",
        "health_check_interval": health_check_interval_s,
        "max_connections": CONNECTIONS_MAX,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
        "socket_connect_timeout": connect_timeout_s,
        # The caller sets the time limit: with one of its own, redis-py sends through `asyncio.wait_for`, which
        # before Python 3.12 loses a cancellation that arrives in the same turn, and the read then blocks on.
        "socket_timeout": None,
    }
    return Redis.from_pool(ConnectionPool(**{**access_options(access, wished), **pinned}))
