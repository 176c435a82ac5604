"""Connections that let go of a server which has become a replica: the next attempt looks for the primary anew."""

from __future__ import annotations

from typing import Any

from redis import exceptions
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection

from adapters.redis_streams.access import TlsConnection


class NoPrimaryError(exceptions.ConnectionError):
    """The server refused a write as READONLY; an error of connecting, so that redis-py reads no further there."""


def says_read_only(refused: exceptions.ResponseError) -> bool:
    """Whether the server is a replica. Before Redis 7 a script's error stands within the words of another."""
    return isinstance(refused, exceptions.ReadOnlyError) or ": -READONLY " in str(refused)


class ReadOnlyDropped(AbstractConnection):
    """What a connection does about READONLY. Kept open it would hear that for ever, wherever the address leads now."""

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """As redis-py does; after READONLY the connection is closed, and nothing is asked twice."""
        try:
            return await super().read_response(*arguments, **options)
        except exceptions.ResponseError as refused:
            if not says_read_only(refused):
                raise
            await self.disconnect()
            raise NoPrimaryError(f"READONLY: {refused}") from None


class DroppingConnection(ReadOnlyDropped, Connection):
    """Over TCP."""


class DroppingTlsConnection(ReadOnlyDropped, TlsConnection):
    """Over TLS."""


class DroppingSocketConnection(ReadOnlyDropped, UnixDomainSocketConnection):
    """Over a socket of this machine."""


def kind_of_connection(wished: type | None) -> type:
    """Ours in place of redis-py's own."""
    if wished is None:
        return DroppingConnection
    if issubclass(wished, SSLConnection):
        return DroppingTlsConnection
    return DroppingSocketConnection if issubclass(wished, UnixDomainSocketConnection) else DroppingConnection
