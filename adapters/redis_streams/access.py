"""How our clients make themselves known to a Redis: the one place that reads its password and certificates.

Both are read anew at every connection, so that a password that was changed, or a certificate that was renewed, needs
no restart: the next attempt to connect finds it.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from redis import exceptions
from redis.asyncio.connection import RedisSSLContext, SSLConnection
from redis.credentials import CredentialProvider

from adapters.secret_references import SecretMissingError, read_secret
from config.redis_address import user_in, without_password
from config.secret import Secret
from config.settings import RedisAccessSettings

DEFAULT_USER: Final = "default"
"""Who a client is to Redis that names no user."""


class RedisAccess(msgspec.Struct, frozen=True):
    """User, password and certificates, as references: nothing secret is held here."""

    settings: RedisAccessSettings = RedisAccessSettings()
    environment: Mapping[str, str] = {}
    """Where `env:` and `credential:` references are looked up."""


ANONYMOUS: Final = RedisAccess()
"""Whatever the address itself says."""


class Place(msgspec.Struct, frozen=True):
    """A Redis and who we are to it, as messages may say."""

    address: str
    user: str

    def __str__(self) -> str:
        return self.address


def place_of(url: str, access: RedisAccess) -> Place:
    """Without the password that the address may carry."""
    user = access.settings.user or user_in(url) or DEFAULT_USER
    return Place(without_password(url), user)


class SecretUnreadError(exceptions.AuthenticationError):
    """The password is not where the settings say; a kind of redis-py's, so that it lets go of the connection."""


class CertificateUnreadError(Exception):
    """A file of `redis_access` cannot be read; the message says which."""


class Credentials(CredentialProvider):
    """User and password at the moment of connecting; what the settings name goes before what the address names."""

    def __init__(self, access: RedisAccess, address_user: str, address_password: str) -> None:
        """Nothing is read yet."""
        self._access = access
        self._user = access.settings.user or address_user
        self._address_password = Secret(address_password)

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """As redis-py asks for them; raises `SecretUnreadError`."""
        settings = self._access.settings
        try:
            told = read_secret(settings.password, self._access.environment)
        except SecretMissingError as missing:
            raise SecretUnreadError(f"redis_access.password: {missing}") from None
        password = (told if settings.password else self._address_password).reveal()
        return (self._user, password) if self._user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same: a file of one line is read at once."""
        return self.get_credentials()


class TlsConnection(SSLConnection):
    """A connection whose certificates are read when it is made, and again when they have changed."""

    _marks: tuple[tuple[int, int], ...] = ()

    def _connection_arguments(self) -> Mapping[str, Any]:
        context = self.ssl_context
        files = {"ca_file": context.ca_certs, "cert_file": context.certfile, "key_file": context.keyfile}
        marks = tuple(_mark_of(name, path) for name, path in files.items())
        if context.context is None or marks != self._marks:
            # redis-py would keep the first one, and would trust the system's authorities beside the one that is named.
            context.context, self._marks = _tls_context(context), marks
        arguments: Mapping[str, Any] = super()._connection_arguments()
        return arguments


def access_options(access: RedisAccess, wished: Mapping[str, Any]) -> dict[str, Any]:
    """What the address wished of a client, with the access in place of its user and password."""
    options = dict(wished)
    user, password = options.pop("username", None) or "", options.pop("password", None) or ""
    settings = access.settings
    if settings.user or settings.password or user or password:
        options["credential_provider"] = Credentials(access, user, password)
    if options.get("connection_class") is SSLConnection:
        options |= tls_files(settings)
    return options


def tls_files(settings: RedisAccessSettings) -> dict[str, str]:
    """The certificates that the settings name, as redis-py calls them."""
    files = {"ssl_ca_certs": settings.ca_file, "ssl_certfile": settings.cert_file, "ssl_keyfile": settings.key_file}
    return {name: path for name, path in files.items() if path}


def _tls_context(wished: RedisSSLContext) -> ssl.SSLContext:
    """Only the named authorities are trusted, or those of the system where none are named.

    Certificate and host name are always checked, whatever the address says of it: who is spoken to is the half of TLS
    that matters to a switch of money.
    """
    made = ssl.create_default_context(cafile=wished.ca_certs, capath=wished.ca_path, cadata=wished.ca_data)
    if wished.certfile:
        made.load_cert_chain(wished.certfile, wished.keyfile, wished.password)
    if wished.min_version is not None:
        made.minimum_version = wished.min_version
    if wished.ciphers is not None:
        made.set_ciphers(wished.ciphers)
    return made


def _mark_of(name: str, path: str | None) -> tuple[int, int]:
    """What tells one content of the file from the next; raises `CertificateUnreadError`."""
    if not path:
        return (0, 0)
    try:
        with Path(path).open("rb") as file:
            found = os.fstat(file.fileno())
    except OSError as error:
        raise CertificateUnreadError(f"redis_access.{name} {path} cannot be read: {error.strerror}") from None
    return (found.st_mtime_ns, found.st_size)
