"""What a Redis error means for a provisioner: one of the three words of the port."""

from __future__ import annotations

import socket
from typing import Final

from redis import exceptions
from redis.asyncio.sentinel import MasterNotFoundError

from adapters.redis_streams.faults import causes
from adapters.redis_streams.no_primary import NoPrimaryError
from adapters.redis_streams.sentinels import DemotedError
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.streams import StreamsAwayError

_REFUSED_FOR_NOW: Final = (
    # Nothing was done for us, and an operator mends it: a password that was changed must park no component.
    DemotedError,
    MasterNotFoundError,
    NoPrimaryError,
    exceptions.AuthenticationError,
    exceptions.BusyLoadingError,
    exceptions.MasterDownError,
    exceptions.MaxConnectionsError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
)
_REFUSED_FOR_NOW_TEXTS: Final = (
    "NOAUTH",
    "WRONGPASS",
    "BUSY",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "max number of clients",
)
_NEVER_SENT: Final = (ConnectionRefusedError, socket.gaierror)


def fault_from(away: StreamsAwayError) -> CallError:
    """The word for it, with the sentence that says what to do. What may have reached the server is ambiguous."""
    cause, reason = away.__cause__, str(away)
    if isinstance(cause, _REFUSED_FOR_NOW) or any(text in str(cause) for text in _REFUSED_FOR_NOW_TEXTS):
        return Transient(reason)
    if isinstance(cause, exceptions.ResponseError | exceptions.AuthorizationError):
        return Permanent(reason)
    if any(isinstance(each, _NEVER_SENT) for each in causes(cause)):
        return Transient(reason)
    return Ambiguous(reason)
