"""The two clients of an instance: one that may block while it reads, one that writes and never repeats itself."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool, SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from adapters.redis_streams.access import ANONYMOUS, RedisAccess, access_options
from adapters.redis_streams.names import client_name, url_without_password
from adapters.redis_streams.no_primary import kind_of_connection
from adapters.redis_streams.sentinels import following_pool
from config.redis_address import has_password
from config.redis_sentinel import SentinelAddress, is_sentinel_address, sentinel_address

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
    sentinels = _sentinels(url) if is_sentinel_address(url) else None
    wished = _wished(url) if sentinels is None else _wished_of(sentinels)
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
    options = access_options(access, wished)
    if sentinels is not None:
        return Redis.from_pool(following_pool(sentinels, access, {**options, **pinned}))
    options["connection_class"] = kind_of_connection(options.get("connection_class"))
    return Redis.from_pool(ConnectionPool(**{**options, **pinned}))


def _wished(url: str) -> dict[str, Any]:
    try:
        return dict(parse_url(url))
    except ValueError as error:
        shown = url_without_password(url)
        # The parser's own words may show a piece of the password.
        why = "" if has_password(url) else f" ({error})"
        raise ValueError(f"expected an address such as redis://127.0.0.1:6379, found {shown!r}{why}") from None


def _sentinels(url: str) -> SentinelAddress:
    try:
        return sentinel_address(url)
    except ValueError as error:
        raise ValueError(f"expected {error}, found {url_without_password(url)!r}") from None


def _wished_of(address: SentinelAddress) -> dict[str, Any]:
    """What redis-py's own parser would make of such an address."""
    user, password = unquote(address.user), unquote(address.password.reveal())
    wished = {"username": user, "password": password, "db": address.database}
    return {**wished, **({"connection_class": SSLConnection} if address.tls else {})}
