"""Who owns an instance's keys in Redis, looked at before the first write to a journal that may be the wrong one."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Final

from adapters.redis_streams import RedisAccess, RedisStreams
from config.settings import EMBEDDED, Settings
from daemon.roots.gate import OwnedByAnotherError
from machines.ports.streams import Owner, StreamsAwayError

LOOK_S: Final = 1.0
"""So long at most this may hold up a takeover; a Redis that is away then is waited for, and asked again, later."""


async def refuse_foreign_keys(settings: Settings, journal_id: str) -> None:
    """Raise `OwnedByAnotherError` where the keys belong to another journal; empty is one that is still to be begun."""
    owner = await _owner(settings)
    if owner is not None and owner.journal_id != journal_id:
        raise OwnedByAnotherError(owner)


async def _owner(settings: Settings) -> Owner | None:
    """None where nobody owns them, or Redis does not answer."""
    if settings.redis == EMBEDDED:
        return None
    access = RedisAccess(settings.redis_access, os.environ)
    streams = RedisStreams(settings.redis, settings.instance, timeout_s=LOOK_S, access=access)
    try:
        with suppress(StreamsAwayError, TimeoutError):
            async with asyncio.timeout(LOOK_S):
                return await streams.owner()
        return None
    finally:
        await streams.close()
