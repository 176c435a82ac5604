"""Sending payments into the stream that a daemon reads, as `solvent import` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from adapters.redis_streams.access import ANONYMOUS, RedisAccess, place_of
from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import away_on_error
from adapters.redis_streams.names import key_prefix

PAYMENTS: Final = "payments"
TIMEOUT_S: Final = 30.0
"""For a batch of a thousand entries over a slow line."""


class PaymentsSender:
    """Appends to one instance's stream `payments`, under ids that the server chooses.

    Every method raises `StreamsAwayError`. A batch is appended whole or not at all and sent once: when its reply is
    lost nobody knows which, and sending the file again is harmless, because a payment id counts once.
    """

    def __init__(
        self, url: str, instance: str, timeout_s: float = TIMEOUT_S, *, access: RedisAccess = ANONYMOUS
    ) -> None:
        """Connects on the first call. Raises `ValueError` for an unusable URL."""
        self._client = make_client(url, instance, "import", timeout_s, 15, access=access)
        self._key = key_prefix(instance) + PAYMENTS
        self._place = place_of(url, access)
        self._timeout_s = timeout_s

    async def send(self, entries: Sequence[Mapping[str, str]]) -> str:
        """Append these entries (at least one) in order; the id of the last."""
        async with self._away("XADD"), self._client.pipeline(transaction=True) as pipe:
            for entry in entries:
                fields: dict[Any, Any] = dict(entry)
                pipe.xadd(self._key, fields)
            ids = await pipe.execute()
        return str(ids[-1])

    async def length(self) -> int:
        """How many entries the stream holds: those that the daemon has not read, and those it has not yet trimmed."""
        async with self._away("XLEN"):
            return int(await self._client.xlen(self._key))

    async def first_id(self) -> str | None:
        """The oldest entry's id; the daemon keeps the last one that it took. None for an empty stream."""
        async with self._away("XRANGE"):
            reply: Any = await self._client.xrange(self._key, count=1)
        return str(reply[0][0]) if reply else None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose(close_connection_pool=True)

    def _away(self, command: str) -> AbstractAsyncContextManager[None]:
        return away_on_error(self._place, self._timeout_s, command, self._key)
