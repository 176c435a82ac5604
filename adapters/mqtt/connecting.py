"""One connection to a broker: MQTT 5 where it speaks that, 3.1.1 where it does not, with back-off until it stands.

A connection lives as long as one conversation. Nothing then waits in a queue for a daemon that is gone, and no socket
needs to be kept alive between two steps that may lie weeks apart.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import aiomqtt
import msgspec
from aiomqtt.exceptions import MqttConnectError

from machines.ports.clock import Clock
from machines.ports.faults import Permanent, Transient

CONNECT_ATTEMPTS_MAX: Final = 3
CONNECT_PAUSE_FIRST_S: Final = 0.5
"""Doubled after each attempt: a broker that is restarted is back within this; one that is down is not waited for."""
CONNECT_TIMEOUT_S: Final = 5
KEEPALIVE_S: Final = 20
MESSAGES_WAITING_MAX: Final = 1_000
_UNSUPPORTED_VERSION: Final = frozenset({1, 132})
_REFUSED_FOR_GOOD: Final = frozenset({4, 5, 133, 134, 135, 138, 140})
"""Client id, user, password, banned, bad method: as CONNACK of MQTT 3.1.1 (below 128) and of MQTT 5 says them."""


class Broker(msgspec.Struct, frozen=True):
    """Where a broker is and who one is there."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    @property
    def name(self) -> str:
        """Host and port, as messages call it."""
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Broker({self.name})"


def client_id(instance: str, chance: Callable[[int], int]) -> str:
    """An id that no other connection has: a broker ends the older of two with one id."""
    return f"{instance}-{chance(2**48):012x}"


class Connector:
    """Opens connections, and remembers which protocol each broker speaks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._older: set[str] = set()
        """The brokers that refused MQTT 5."""

    def speaks_five(self, broker: Broker) -> bool:
        """Whether the broker's latest connection was one of MQTT 5."""
        return broker.name not in self._older

    @asynccontextmanager
    async def connection(
        self,
        broker: Broker,
        identifier: str,
        *,
        will: aiomqtt.Will | None = None,
        keepalive_s: int = KEEPALIVE_S,
        attempts_max: int = CONNECT_ATTEMPTS_MAX,
    ) -> AsyncIterator[aiomqtt.Client]:
        """A connected client for the length of the block.

        Raises `Transient` where the broker cannot be reached and `Permanent` where it refuses who asks, or is not to be
        trusted.
        """
        client = await self._connected(broker, identifier, will, keepalive_s, attempts_max)
        try:
            yield client
        finally:
            # What was heard stands, whether or not the broker takes note of the good-bye.
            with suppress(aiomqtt.MqttError):
                await client.__aexit__(None, None, None)

    async def _connected(
        self, broker: Broker, identifier: str, will: aiomqtt.Will | None, keepalive_s: int, attempts_max: int
    ) -> aiomqtt.Client:
        pause_s = CONNECT_PAUSE_FIRST_S
        for attempt in range(1, attempts_max + 1):
            client = self._client(broker, identifier, will, keepalive_s)
            error = await _entered(client)
            if error is not None and _code(error) in _UNSUPPORTED_VERSION and self.speaks_five(broker):
                self._older.add(broker.name)
                client = self._client(broker, identifier, will, keepalive_s)
                error = await _entered(client)
            if error is None:
                return client
            if _code(error) in _REFUSED_FOR_GOOD:
                raise Permanent(
                    f"the MQTT broker {broker.name} refuses {broker.user or 'a client without a user'}: {error}; "
                    "expected a user and a password that it knows"
                )
            if sentence := _distrusted(broker, str(error)):
                raise Permanent(sentence)
            if attempt < attempts_max:
                await self._clock.sleep(pause_s)
                pause_s *= 2
        raise Transient(
            f"the MQTT broker {broker.name} cannot be reached: {error}{_hint(broker, str(error))}; nothing was sent"
        )

    def _client(self, broker: Broker, identifier: str, will: aiomqtt.Will | None, keepalive_s: int) -> aiomqtt.Client:
        five = self.speaks_five(broker)
        return aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=identifier,
            protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
            timeout=CONNECT_TIMEOUT_S,
            will=will,
            keepalive=keepalive_s,
            # Small packets that wait for each other's acknowledgement would take 40 ms each.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            max_queued_incoming_messages=MESSAGES_WAITING_MAX,
            tls_context=_tls_context(broker) if broker.tls else None,
        )


async def _entered(client: aiomqtt.Client) -> aiomqtt.MqttError | None:
    """Connect; the error where that failed. A cancellation is passed on after the attempt has ended.

    The library opens the socket in a thread that no cancellation stops: were it left alone, the socket would stay open
    with nobody to close it. The attempt has its own time limit.
    """
    async with asyncio.TaskGroup() as group:
        entering = group.create_task(_enter(client), name="connect to the MQTT broker")
        try:
            return await asyncio.shield(entering)
        except asyncio.CancelledError:
            if await entering is None:
                with suppress(aiomqtt.MqttError):
                    await client.__aexit__(None, None, None)
            raise


async def _enter(client: aiomqtt.Client) -> aiomqtt.MqttError | None:
    try:
        await client.__aenter__()
    except aiomqtt.MqttError as error:
        return error
    except UnicodeError as error:  # no name of a host: an empty label, or one of more than 63 characters
        return aiomqtt.MqttError(f"it is no name of a host: {error}")
    return None


class _ClosedOnFailure(ssl.SSLSocket):
    """A socket that does not stay open after a handshake that failed: the library forgets it."""

    def do_handshake(self, block: bool = False) -> None:
        """As the base's; raises what that raises."""
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls_context(broker: Broker) -> ssl.SSLContext:
    """What is expected of the broker's certificate, and our own. Raises `Permanent` for files that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
    except OSError as error:
        raise Permanent(f"ca_file {broker.ca_file} cannot be used ({error}): expected certificates in PEM") from error
    if broker.cert_file is not None:
        try:
            context.load_cert_chain(broker.cert_file, broker.key_file)
        except OSError as error:
            raise Permanent(
                f"cert_file {broker.cert_file} with key_file {broker.key_file} cannot be used ({error}): expected a "
                "certificate and its key in PEM, the key without a passphrase"
            ) from error
    context.sslsocket_class = _ClosedOnFailure
    return context


def _distrusted(broker: Broker, said: str) -> str:
    """The sentence for a broker that is not who it should be, or that does not know our certificate; else ""."""
    if "CERTIFICATE_VERIFY_FAILED" in said:
        authorities = broker.ca_file or "the system's authorities"
        return (
            f"the MQTT broker {broker.name} is not trusted ({said}): expected a certificate for {broker.host} that "
            f"{authorities} signed; name its authority in ca_file"
        )
    return ""


def _hint(broker: Broker, said: str) -> str:
    """With TLS 1.3 a broker that misses the client's certificate says so when nobody listens any more."""
    silent = broker.tls and broker.cert_file is None and "timed out" in said
    return " (does it ask for a certificate of ours? name cert_file and key_file)" if silent else ""


def _code(error: aiomqtt.MqttError) -> int:
    """The reason code of a refused connection; -1 where the broker gave none."""
    if not isinstance(error, MqttConnectError) or error.rc is None:
        return -1
    return error.rc if isinstance(error.rc, int) else error.rc.value
