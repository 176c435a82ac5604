"""A Redis address as people may see it: its password is never shown, however the address was written."""

from __future__ import annotations

import re
from typing import Final

_QUERY_PASSWORD: Final = re.compile(r"[?&](sentinel_)?password=", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_USER: Final = re.compile(r"[\w.-]+")
_PLACE: Final = r"(\[[0-9A-Fa-f:.]*\]|[^\s:,\[\]]*)(:\d{0,5}(/[\w/-]*)?)?"
_PLACES: Final = re.compile(f"{_PLACE}(,{_PLACE})*")
"""Hosts with their ports, or a time of day: a colon in front of a number hides no password."""
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


def without_secret(text: str) -> str:
    """What a message may show of a text that is no address: the end of it is left out where it may be a password.

    Who mistypes an address, or puts it under another key, has written a password where none is looked for: all behind
    a colon is hidden, unless it is a port.
    """
    if ":" not in text and "@" not in text:
        return text
    scheme, divided, rest = text.partition("://")
    if not divided or _SCHEME.fullmatch(scheme) is None:
        scheme, divided, rest = "", "", text
    known, at, place = rest.rpartition("@")
    user = known.partition(":")[0]
    place = place.partition("?")[0].partition("#")[0]
    if _PLACES.fullmatch(place) is None:
        place = place.partition(":")[0] + ":…" if ":" in place else place
    return f"{scheme}{divided}{user}{at}{place}" if at and _USER.fullmatch(user) else f"{scheme}{divided}{place}"


def user_in(address: str) -> str:
    """The user that the address names before its host; "" for none."""
    return address.partition("://")[2].rpartition("@")[0].partition(":")[0]


def has_password(address: str) -> bool:
    """Whether the address carries one, before its host or in its query."""
    known = address.partition("://")[2].rpartition("@")[0]
    return ":" in known or _QUERY_PASSWORD.search(address) is not None
