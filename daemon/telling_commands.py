"""A command as a person types it: the whole line, with the daemon's own address and stream, and nothing secret."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from config.redis_address import without_password
from config.redis_sentinel import is_sentinel_address
from config.settings import DEFAULT_INSTANCE, key_prefix

SOMEBODY: Final = "NAME"
"""Stands for the operator's own name where operators have names."""
REASON: Final = "REASON"
"""Stands for the reason, which only a person can give."""
_PORT: Final = 6379
_UNKNOWN: Final = ("-h", "HOST", "-p", "PORT")


def redis_cli_line(redis_url: str, instance: str, fields: Mapping[str, str], principal: str = "") -> str:
    """The line that sends a command of these fields; with "" for an address that nobody knows, HOST and PORT.

    A password is never in it: redis-cli takes it from REDISCLI_AUTH.
    """
    stream = f"{key_prefix(instance or DEFAULT_INSTANCE)}commands{f':{principal}' if principal else ''}"
    told = [word for pair in fields.items() for word in pair]
    return shlex.join(["redis-cli", *_reached(redis_url), "XADD", stream, "*", *told])


class Orders(msgspec.Struct, frozen=True):
    """Where and as whom a daemon is told what to do."""

    redis_url: str = ""
    instance: str = DEFAULT_INSTANCE
    principal: str = ""

    def line(self, verb: str, /, **fields: str) -> str:
        """The line of a verb with these fields and a reason to be filled in."""
        told = {"verb": verb, **fields, "reason": REASON}
        return redis_cli_line(self.redis_url, self.instance, told, self.principal)


UNKNOWN_PLACE: Final = Orders()
"""Nobody knows where: no daemon runs."""


def _reached(redis_url: str) -> tuple[str, ...]:
    """The options of redis-cli that lead to the server. It knows no sentinels: which server that is changes."""
    if is_sentinel_address(redis_url):
        return _UNKNOWN
    try:
        parts = urlsplit(without_password(redis_url))
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:
        return _UNKNOWN
    if parts.scheme == "unix":
        return ("-s", parts.path)
    if not host:
        return _UNKNOWN
    here = () if host in ("127.0.0.1", "localhost") else ("-h", host)
    number = parts.path.strip("/")
    database = ("-n", number) if number not in ("", "0") else ()
    return (*(("--tls",) if parts.scheme == "rediss" else ()), *here, "-p", str(port), *database)
