"""The address of the journal, read once and in one place: what is no address is refused in words that hold none of it.

libpq quotes an address that it cannot read, and takes the tail of a password that holds `@` or `/` for a host, whose
name then stands in every message. So nothing is connected to before it looks like what it should be.
"""

from __future__ import annotations

import re
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config.secret import Secret
from machines.ports.journal import JournalRefusedError

_ESCAPES: Final = "write @ / : % of a password as %40 %2F %3A %25"
NO_ADDRESS: Final = (
    "journal.url does not lead to an address of PostgreSQL: expected such as postgresql://USER:PASSWORD@HOST:5432/DATABASE"
    f"; {_ESCAPES}. What was found is not shown, for it may hold a password"
)
_SCHEMES: Final = ("postgresql://", "postgres://")
_HOST: Final = re.compile(r"[\w.:%-]{1,253}")
_SOCKETS: Final = ("/", "@")
"""The folder of a socket, or one without a file."""
_PORT: Final = re.compile(r"\d{0,5}", re.ASCII)
_SECRETS: Final = ("password", "sslpassword")


def read_address(url: Secret) -> dict[str, str]:
    """What the address says, by libpq's names; raises `JournalRefusedError`, whose text holds nothing of it."""
    text = url.reveal()
    given = _parsed(text)
    if given is None or _has_stray_at(text) or not _is_reachable(given):
        raise JournalRefusedError(NO_ADDRESS)
    return given


def secrets_of(url: Secret) -> list[str]:
    """What must stand in no message: the address, and the passwords in it as they are written and as they are meant."""
    text = url.reveal()
    given = _parsed(text) or {}
    written = re.match(r"\w+://[^:@/]*:([^@/]*)@", text)
    known = [text, *(given.get(name, "") for name in _SECRETS), written[1] if written else ""]
    return [each for each in known if each]


def _parsed(text: str) -> dict[str, str] | None:
    """None for what libpq does not understand; it raises what quotes the text, so nothing of that is kept."""
    try:
        return {name: str(value) for name, value in conninfo_to_dict(text).items()}
    except (psycopg.Error, ValueError):  # a NUL, or bytes that are no text
        return None


def _has_stray_at(text: str) -> bool:
    """Whether an `@` stands where none can: then the password before it was not written as it must be."""
    scheme = next((each for each in _SCHEMES if text.startswith(each)), None)
    if scheme is None:
        return False
    rest = text.removeprefix(scheme)
    first = re.search(r"[@/]", rest)
    behind = rest[first.end() :] if first is not None and first[0] == "@" else rest
    return "@" in behind.partition("?")[0]


def _is_reachable(given: dict[str, str]) -> bool:
    hosts = given.get("host", "").split(",") + given.get("hostaddr", "").split(",")
    ports = given.get("port", "").split(",")
    return all(map(_is_host, hosts)) and all(
        _PORT.fullmatch(each) and int(each or 1) in range(1, 65_536) for each in ports
    )


def _is_host(text: str) -> bool:
    if not text or text.startswith(_SOCKETS):
        return True
    try:
        text.encode("idna")  # as it is looked up
    except UnicodeError:
        return False
    return _HOST.fullmatch(text) is not None
