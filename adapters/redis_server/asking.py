"""Asking a server on this machine who it is."""

from __future__ import annotations

from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

HOST = "127.0.0.1"
ANSWER_TIMEOUT_S = 1.0


class Identity(msgspec.Struct, frozen=True):
    """What a server says of itself."""

    pid: int
    loading: bool
    """It is still reading its append-only file, and serves nobody yet."""


async def ask_identity(port: int) -> Identity | None:
    """Who answers on this port; None where nobody does, or nobody who is a Redis."""
    client = Redis(
        host=HOST,
        port=port,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_connect_timeout=ANSWER_TIMEOUT_S,
        driver_info=None,
        client_name="solvent-start",
    )
    try:
        facts: dict[str, Any] = await client.info()
        return Identity(pid=int(facts["process_id"]), loading=bool(facts.get("loading", 0)))
    except (RedisError, OSError, KeyError, ValueError):
        return None
    finally:
        await client.aclose()
