"""Sending an operator's command into the stream that a daemon reads, as `solvent adopt` does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.redis_streams.clients import make_client
from adapters.redis_streams.faults import away_on_error
from adapters.redis_streams.names import key_prefix, url_without_password

COMMANDS: Final = "commands"
TIMEOUT_S: Final = 10.0


class CommandSender:
    """Appends commands of the single operator to one instance's stream, under ids that the server chooses."""

    def __init__(self, url: str, instance: str, timeout_s: float = TIMEOUT_S) -> None:
        """Connects on the first call. Raises `ValueError` for an unusable URL."""
        self._client = make_client(url, instance, "command", timeout_s, 15)
        self._key = key_prefix(instance) + COMMANDS
        self._place = url_without_password(url)
        self._timeout_s = timeout_s

    async def send(self, fields: Mapping[str, str]) -> str:
        """Append one command; its id. Raises `StreamsAwayError`: nobody knows then whether it was appended."""
        entry: dict[Any, Any] = dict(fields)
        async with away_on_error(self._place, self._timeout_s):
            return str(await self._client.xadd(self._key, entry))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose(close_connection_pool=True)
