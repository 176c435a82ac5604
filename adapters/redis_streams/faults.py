"""What a Redis error means for the operator: every one becomes a `StreamsAwayError` that says what to do."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis import exceptions
from redis.asyncio.sentinel import MasterNotFoundError

from adapters.redis_streams.access import CertificateUnreadError, Place, SecretUnreadError
from adapters.redis_streams.no_primary import NoPrimaryError
from adapters.redis_streams.sentinels import DemotedError
from machines.ports.streams import StreamsAwayError

WRONG_TYPE: Final = "WRONGTYPE"
KEYS_SHOWN_MAX: Final = 4
_IN_PIPELINE: Final = re.compile(r"Command # \d+ \((\S+) (\S+).*\) of pipeline caused error: (.*)", re.DOTALL)
_REFUSED_COMMAND: Final = re.compile(r"permissions? to run the '([^']+)' command")
_UNNAMED: Final = "asks for a user and a password; name them as redis_access.user and redis_access.password"
_UNNAMED_TEXTS: Final = ("NOAUTH", "Authentication required")
_REFUSED: Final = (
    "refused the password of the user {user}, or knows no such user; see redis_access.user and redis_access.password, "
    "and that the server has loaded its line of `solvent redis-acl`"
)
_FORBIDDEN: Final = (
    "does not permit {asked} to the user {user}; load that user's line of `solvent redis-acl --settings FILE` there"
)
_DEMOTED: Final = "has become a replica; its sentinels are asked again where the primary is"
_READ_ONLY: Final = "is a read-only replica; give --redis the address of the primary, or that of its sentinels"
_LOST_UNDER_WATCH: Final = ((DemotedError.__name__, _DEMOTED), (NoPrimaryError.__name__, _READ_ONLY))
_BY_TYPE: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    # More special before more general: AuthenticationError, BusyLoadingError and others are kinds of ConnectionError.
    (CertificateUnreadError, "is not asked, for a certificate is missing; give the daemon's user the file"),
    (SecretUnreadError, "is not asked, for the password of the user {user} is missing"),
    (
        ssl.SSLCertVerificationError,
        (
            "shows a certificate that is not trusted; let redis_access.ca_file name the "
            "authority that signed it, and the address a name that the certificate carries"
        ),
    ),
    (
        ssl.SSLError,
        (
            "does not speak TLS with us; see that rediss:// is meant for this port, and whether it asks for a "
            "certificate: redis_access.cert_file and key_file"
        ),
    ),
    ((exceptions.AuthenticationError, exceptions.AuthenticationWrongNumberOfArgsError), _REFUSED),
    ((exceptions.NoPermissionError, exceptions.AuthorizationError), _FORBIDDEN),
    (
        MasterNotFoundError,
        "is not found: none of its sentinels names a primary that is up; look at what each of them said",
    ),
    (DemotedError, _DEMOTED),
    (exceptions.BusyLoadingError, "is still loading its data; it will answer once that is done"),
    ((NoPrimaryError, exceptions.ReadOnlyError), _READ_ONLY),
    (exceptions.MasterDownError, "is a replica that lost its primary; give --redis the address of the primary"),
    (exceptions.OutOfMemoryError, "is out of memory and wrote nothing; raise its `maxmemory` or trim what fills it"),
    (
        exceptions.WatchError,
        "lost us, or let another client write to our stream, while we published; nobody else may write to it",
    ),
    ((exceptions.TimeoutError, TimeoutError), "did not answer in time; check that it runs and is not overloaded"),
)
_BY_TEXT: Final[tuple[tuple[str, str], ...]] = (
    ("WRONGPASS", _REFUSED),
    ("NOPERM", _FORBIDDEN),
    ("max number of clients", "has no connection left for us; raise its `maxclients` or close idle clients"),
    ("BUSY", "is busy with a script that does not end; redis-cli SCRIPT KILL ends it"),
    ("MISCONF", "cannot save to its disk and refuses writes; free disk space there"),
    ("NOREPLICAS", "has too few replicas to accept writes; bring them back"),
    (
        WRONG_TYPE,
        "holds something else under our key {keys}; rename or delete that key, or choose another --instance",
    ),
    ("unknown command", "does not know a command that we need; expected Redis 6.2 or later"),
    ("syntax error", "does not know an option that we need; expected Redis 6.2 or later"),
)
_UNREACHED: Final = (
    "cannot be reached; check that it runs and that the address is right, rediss:// where the server speaks TLS"
)


@asynccontextmanager
async def away_on_error(place: Place, timeout_s: float, command: str = "a command", *keys: str) -> AsyncIterator[None]:
    """Turn every Redis and socket error, and the end of `timeout_s`, into `StreamsAwayError`.

    `command` and `keys` are what is asked, for the words of a refusal. `DataError` passes: it means that we handed the
    client something that is no text, which no waiting mends.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except exceptions.DataError:
        raise
    except (exceptions.RedisError, OSError) as error:
        raise away(place, error, timeout_s, command, *keys) from error


def away(place: Place, error: Exception, timeout_s: float, command: str, *keys: str) -> StreamsAwayError:
    """The same of one error."""
    said, at_fault = str(error) or f"no answer within {timeout_s:g} s", list(keys)
    if in_pipeline := _IN_PIPELINE.fullmatch(said):  # which of many, and not with what: values are nobody's business
        command, first, said = in_pipeline.groups()
        at_fault = [first] if first in keys else at_fault
        said = said.removeprefix("(").removesuffix(",)").strip("'\"")
    if refused := _REFUSED_COMMAND.search(said):
        command = refused[1].replace("|", " ").upper()
    asked = " ".join((command, *at_fault[:KEYS_SHOWN_MAX]))
    keys = tuple(at_fault[:KEYS_SHOWN_MAX])
    meaning = _meaning(error).format(user=place.user, asked=asked, keys=" or ".join(keys) or asked)
    return StreamsAwayError(f"Redis at {place} {meaning} ({said})")


def is_missing_stream(error: object) -> bool:
    """Whether a reply says that the asked key does not exist."""
    return isinstance(error, exceptions.ResponseError) and "no such key" in str(error).lower()


def was_changed(error: exceptions.WatchError) -> bool:
    """Whether another client wrote what was watched; a connection that was lost meanwhile is the other cause."""
    return "Watched variable changed" in str(error)


def causes(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it, the newest first."""
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _meaning(error: Exception) -> str:
    for name, meaning in _LOST_UNDER_WATCH:  # of a connection that was lost under WATCH redis-py tells no more
        if name in str(error):
            return meaning
    if not isinstance(error, MasterNotFoundError) and any(text in str(error) for text in _UNNAMED_TEXTS):
        return _UNNAMED
    chain = causes(error)
    for kind, meaning in _BY_TYPE:
        # redis-py wraps what a connection fails on; what else failed before says nothing of this.
        if any(isinstance(each, kind) for each in (chain if _is_of_connecting(kind) else [error])):
            return meaning
    # redis-py strips the code from the kinds it knows, so a code left in the text is one it does not know.
    for text, meaning in _BY_TEXT:
        if text in str(error):
            return meaning
    return (
        _UNREACHED
        if isinstance(error, (exceptions.ConnectionError, OSError))
        else "refused a command; see its own words"
    )


def _is_of_connecting(kind: object) -> bool:
    return kind in {CertificateUnreadError, ssl.SSLCertVerificationError, ssl.SSLError}
