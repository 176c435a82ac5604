"""What a Redis error means for the operator: every one becomes a `StreamsAwayError` that says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis import exceptions

from machines.ports.streams import StreamsAwayError

_BY_TYPE: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    # More special before more general: AuthenticationError, BusyLoadingError and others are kinds of ConnectionError.
    (
        exceptions.AuthenticationError,
        "refused the user or password; expected redis://USER:PASSWORD@HOST:PORT with an account that it knows",
    ),
    (
        exceptions.AuthenticationWrongNumberOfArgsError,
        "refused the user or password; expected redis://USER:PASSWORD@HOST:PORT with an account that it knows",
    ),
    (
        exceptions.NoPermissionError,
        "does not permit this to our user; grant it the keys of the instance and stream, hash and transaction commands",
    ),
    (exceptions.AuthorizationError, "does not permit this to our user; check its ACL"),
    (exceptions.BusyLoadingError, "is still loading its data; it will answer once that is done"),
    (exceptions.MaxConnectionsError, "has no connection left for us; raise its `maxclients` or close idle clients"),
    (exceptions.ReadOnlyError, "is a read-only replica; give --redis the address of the primary"),
    (exceptions.MasterDownError, "is a replica that lost its primary; give --redis the address of the primary"),
    (exceptions.OutOfMemoryError, "is out of memory and wrote nothing; raise its `maxmemory` or trim what fills it"),
    (
        exceptions.WatchError,
        "lost us, or let another client write to our stream, while we published; nobody else may write to it",
    ),
    ((exceptions.TimeoutError, TimeoutError), "did not answer in time; check that it runs and is not overloaded"),
    (exceptions.ConnectionError, "cannot be reached; check that it runs and that the address is right"),
)
_BY_TEXT: Final[tuple[tuple[str, str], ...]] = (
    ("NOAUTH", "asks for a password; expected redis://USER:PASSWORD@HOST:PORT"),
    ("WRONGPASS", "refused the user or password; expected redis://USER:PASSWORD@HOST:PORT with an account it knows"),
    ("MISCONF", "cannot save to its disk and refuses writes; free disk space there"),
    ("NOREPLICAS", "has too few replicas to accept writes; bring them back"),
    ("WRONGTYPE", "holds something else under our key; rename or delete that key, or choose another --instance"),
    ("unknown command", "does not know a command that we need; expected Redis 6.2 or later"),
    ("syntax error", "does not know an option that we need; expected Redis 6.2 or later"),
)


@asynccontextmanager
async def away_on_error(place: str, timeout_s: float) -> AsyncIterator[None]:
    """Turn every Redis and socket error, and the end of `timeout_s`, into `StreamsAwayError`.

    `place` is the URL without its password. `DataError` passes: it means that we handed the client something that is
    no text, which no waiting mends.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except exceptions.DataError:
        raise
    except (exceptions.RedisError, OSError) as error:
        said = str(error) or f"no answer within {timeout_s:g} s"
        raise StreamsAwayError(f"Redis at {place} {_meaning(error)} ({said})") from error


def is_missing_stream(error: object) -> bool:
    """Whether a reply says that the asked key does not exist."""
    return isinstance(error, exceptions.ResponseError) and "no such key" in str(error).lower()


def _meaning(error: Exception) -> str:
    for kind, meaning in _BY_TYPE:
        if isinstance(error, kind):
            return meaning
    # redis-py strips the code from the kinds it knows, so a code left in the text is one it does not know.
    for text, meaning in _BY_TEXT:
        if text in str(error):
            return meaning
    return "cannot be reached" if isinstance(error, OSError) else "refused a command; see its own words"
