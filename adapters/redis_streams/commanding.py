"""Sending an operator's command into the stream that a daemon reads, as `solvent adopt` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.redis_streams.access import ANONYMOUS, RedisAccess, place_of
from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import away_on_error
from adapters.redis_streams.names import key_prefix

COMMANDS: Final = "commands"
TIMEOUT_S: Final = 10.0


class CommandSender:
    """Appends one principal's commands to its stream of an instance, under ids that the server chooses."""

    def __init__(
        self,
        url: str,
        instance: str,
        timeout_s: float = TIMEOUT_S,
        *,
        access: RedisAccess = ANONYMOUS,
        principal: str = "",
    ) -> None:
        """Connects on the first call; "" is the single operator. Raises `ValueError` for an unusable URL."""
        self._client = make_client(url, instance, "command", timeout_s, 15, access=access)
        self._key = key_prefix(instance) + (f"{COMMANDS}:{principal}" if principal else COMMANDS)
        self._place = place_of(url, access)
        self._timeout_s = timeout_s

    async def send(self, fields: Mapping[str, str]) -> str:
        """Append one command; its id. Raises `StreamsAwayError`: nobody knows then whether it was appended."""
        entry: dict[Any, Any] = dict(fields)
        async with away_on_error(self._place, self._timeout_s, "XADD", self._key):
            return str(await self._client.xadd(self._key, entry))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose(close_connection_pool=True)
