"""A Redis that is found through its sentinels: its address, in the form that other clients of Redis know as well."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from config.secret import Secret

SCHEMES: Final = ("redis+sentinel://", "rediss+sentinel://")
EXPECTED: Final = (
    "redis+sentinel://HOST:26379,HOST:26379/MASTER with the name that the sentinels know it by, and /NUMBER of a "
    "database behind it where that is not 0"
)
PORT: Final = 26_379
PORT_MAX: Final = 65_535
SENTINELS_MAX: Final = 16
_PLACE: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", re.ASCII)
_WATCHED: Final = re.compile(r"([A-Za-z0-9._-]{1,128})(?:/(\d{1,5})?)?", re.ASCII)


class SentinelAddress(msgspec.Struct, frozen=True):
    """What `redis+sentinel://user:password@host:26379,host2:26379/name/0` says."""

    tls: bool
    """Both to the sentinels and to the Redis that they name."""
    user: str
    """Who we are to the Redis, as in every other address; "" for nobody. The sentinels' user is a setting. Both are as
    they are written: whoever connects reads their percent signs."""
    password: Secret
    sentinels: tuple[tuple[str, int], ...]
    master: str
    """The name that the sentinels watch it under; Redis's own documents call it mymaster."""
    database: int


def is_sentinel_address(address: str) -> bool:
    """Whether sentinels are to be asked where the Redis is."""
    return address.startswith(SCHEMES)


def sentinel_address(address: str) -> SentinelAddress:
    """Raises `ValueError`, with what was expected and nothing of the address, in which a password may stand."""
    scheme, _, rest = address.partition("://")
    known, _, place = rest.rpartition("@")
    listed, _, watched = place.partition("/")
    named = _WATCHED.fullmatch(watched)
    places = [_PLACE.fullmatch(each) for each in listed.split(",")]
    if not is_sentinel_address(address) or named is None or len(places) > SENTINELS_MAX:
        raise ValueError(EXPECTED)
    found = [(each[1].strip("[]"), int(each[2] or PORT)) for each in places if each is not None]
    if len(found) < len(places) or any(port > PORT_MAX for _, port in found):
        raise ValueError(EXPECTED)
    user, _, password = known.partition(":")
    return SentinelAddress(
        tls=scheme.startswith("rediss"),
        user=user,
        password=Secret(password),
        sentinels=tuple(found),
        master=named[1],
        database=int(named[2] or 0),
    )


def is_usable(address: str) -> bool:
    """Whether the address is one of these, and whole."""
    try:
        sentinel_address(address)
    except ValueError:
        return False
    return True
