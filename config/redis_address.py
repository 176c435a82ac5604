"""A Redis address as people may see it: its password is never shown, however the address was written."""

from __future__ import annotations

import re
from typing import Final

_QUERY_PASSWORD: Final = re.compile(r"[?&](sentinel_)?password=", re.IGNORECASE)
ON_A_COMMAND_LINE: Final = (
    "an address without a password, which everybody on this machine would read in the list of processes: name it as "
    "redis_access.password in the settings file or SOLVENT_REDIS_ACCESS__PASSWORD=file:/PATH, and the user as "
    "redis_access.user"
)
"""What is expected where an address with a password was given on a command line."""


def without_password(address: str) -> str:
    """The address as messages and logs may show it: without password and query.

    It reads the text by itself and refuses none: a parser would stumble over a password with a `/` in it, and say so
    with a piece of it.
    """
    scheme, divided, rest = address.partition("://")
    if not divided:
        return address.rpartition("@")[2].partition("?")[0]
    known, at, place = rest.rpartition("@")
    user = known.partition(":")[0]
    shown = place.partition("?")[0].partition("#")[0]
    return f"{scheme}://{user}@{shown}" if at and user else f"{scheme}://{shown}"


def user_in(address: str) -> str:
    """The user that the address names before its host; "" for none."""
    return address.partition("://")[2].rpartition("@")[0].partition(":")[0]


def has_password(address: str) -> bool:
    """Whether the address carries one, before its host or in its query."""
    known = address.partition("://")[2].rpartition("@")[0]
    return ":" in known or _QUERY_PASSWORD.search(address) is not None
