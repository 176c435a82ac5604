"""A Redis that is found through its sentinels: asked at every connection, so that a fail-over is followed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.connection import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, SentinelConnectionPool, SentinelManagedConnection
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.utils import str_if_bytes

from adapters.redis_streams.access import RedisAccess, SecretUnreadError, TlsConnection, tls_files
from adapters.redis_streams.no_primary import says_read_only
from adapters.secret_references import SecretMissingError, read_secret
from config.redis_sentinel import SentinelAddress

ANSWER_TIMEOUT_S: Final = 1.0
"""For one sentinel. All are asked at once, so that one on a dead machine does not cost a connection its whole time."""
PRIMARY: Final = "master"
"""What `ROLE` says of a primary."""


class DemotedError(exceptions.ConnectionError):
    """The server that the sentinels named, or named before, is no primary: nothing was written."""


class SentinelCredentials(CredentialProvider):
    """Who we are to the sentinels, read at the moment of connecting; they have users of their own."""

    def __init__(self, access: RedisAccess) -> None:
        """Nothing is read yet."""
        self._access = access

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """As redis-py asks for them; raises `SecretUnreadError`."""
        settings = self._access.settings
        try:
            password = read_secret(settings.sentinel_password, self._access.environment).reveal()
        except SecretMissingError as missing:
            raise SecretUnreadError(f"redis_access.sentinel_password: {missing}") from None
        return (settings.sentinel_user, password) if settings.sentinel_user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same: a file of one line is read at once."""
        return self.get_credentials()


class Sentinels:
    """Those of one address. Connections to them live for one question, so that none can grow stale."""

    def __init__(self, address: SentinelAddress, access: RedisAccess, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Nobody is asked yet."""
        self._address = address
        self._access = access
        self._timeout_s = timeout_s

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Where the primary is; raises `MasterNotFoundError` with what each sentinel said.

        Of several answers the one of the highest epoch counts: a sentinel that is cut off from the others goes on
        naming the primary of before. redis-py would take the first that answers.
        """
        places = self._address.sentinels
        told = await asyncio.gather(*(self._ask(host, port, service_name) for host, port in places))
        found = [each for each in told if isinstance(each, dict)]
        if not found:
            said = "; ".join(f"{host}:{port} {why}" for (host, port), why in zip(places, told, strict=True))
            raise MasterNotFoundError(f"no primary {service_name}: {said}")
        newest = max(found, key=lambda state: int(state.get("config-epoch", 0)))
        return str(newest["ip"]), int(newest["port"])

    async def _ask(self, host: str, port: int, master: str) -> dict[str, Any] | str:
        """What this sentinel knows of the primary, or why it is of no use."""
        client = Redis.from_pool(ConnectionPool(host=host, port=port, **self._options()))
        try:
            async with asyncio.timeout(self._timeout_s):
                masters: Any = await client.sentinel_masters()
        except SecretUnreadError as missing:
            return f"is not asked: {missing}"
        except exceptions.AuthenticationError as refused:
            return f"refuses us ({refused}): see redis_access.sentinel_password"
        except (exceptions.RedisError, OSError) as error:
            return str(error) or f"did not answer within {self._timeout_s:g} s"
        finally:
            await client.aclose(close_connection_pool=True)
        state: dict[str, Any] | None = masters.get(master)
        if state is None:
            return f"watches {', '.join(sorted(masters)) or 'nothing'}"
        if not state["is_master"] or state["is_sdown"] or state["is_odown"]:
            return f"holds {state['ip']}:{state['port']} for down, and has named no other yet"
        return state

    def _options(self) -> dict[str, Any]:
        settings = self._access.settings
        options: dict[str, Any] = {
            "connection_class": TlsConnection if self._address.tls else Connection,
            "decode_responses": False,  # redis-py's parser of the answer expects bytes
            "driver_info": None,
            "protocol": 2,
            "retry": Retry(NoBackoff(), 0),
            "retry_on_error": [],
            "socket_connect_timeout": self._timeout_s,
            "socket_timeout": None,
        }
        if settings.sentinel_password:
            options["credential_provider"] = SentinelCredentials(self._access)
        return {**options, **(tls_files(settings) if self._address.tls else {})}


class FollowingConnection(SentinelManagedConnection):
    """To whatever the sentinels name; a server that says of itself that it is none is left again."""

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """The same, in words that fit: redis-py's would read as if the server could not be reached."""
        try:
            return await Connection.read_response(self, *arguments, **options)
        except exceptions.ResponseError as refused:
            if not says_read_only(refused):
                raise
            await self.disconnect()
            raise DemotedError("READONLY: it was the primary until now") from None

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        """Let it say what it is before anything else is asked: for some seconds sentinels may be behind the truth."""
        await super().on_connect_check_health(check_health)
        await self.send_command("ROLE", check_health=False)
        try:
            role: Any = await self.read_response()
        except exceptions.NoPermissionError:
            return  # an older ACL file: READONLY tells it as well, at the first write
        said = str_if_bytes(role[0])
        if said != PRIMARY:
            raise DemotedError(f"{self.host}:{self.port} says that it is a {said}")


class FollowingTlsConnection(FollowingConnection, TlsConnection):
    """The same over TLS."""


def following_pool(address: SentinelAddress, access: RedisAccess, options: Mapping[str, Any]) -> ConnectionPool:
    """Connections to the primary of the moment."""
    kind = FollowingTlsConnection if address.tls else FollowingConnection
    wished = {**options, "connection_class": kind}
    kind_of_pool: Any = SentinelConnectionPool  # redis-py left it bare
    pool: ConnectionPool = kind_of_pool(address.master, Sentinels(address, access), **wished)
    return pool
