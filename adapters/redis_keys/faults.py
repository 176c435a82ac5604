"""What a Redis error means for a provisioner: one of the three words of the port."""

from __future__ import annotations

import socket
from typing import Final

from redis import exceptions

from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.streams import StreamsAwayError

_REFUSED_FOR_NOW: Final = (
    exceptions.BusyLoadingError,
    exceptions.MasterDownError,
    exceptions.MaxConnectionsError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
)
_REFUSED_FOR_NOW_TEXTS: Final = ("BUSY", "MISCONF", "NOREPLICAS", "OOM", "max number of clients")
_REFUSED_FOR_GOOD: Final = (exceptions.AuthenticationError, exceptions.AuthorizationError)
_NEVER_SENT: Final = (ConnectionRefusedError, socket.gaierror)


def fault_from(away: StreamsAwayError) -> CallError:
    """The word for it, with the sentence that says what to do. What may have reached the server is ambiguous."""
    cause, reason = away.__cause__, str(away)
    if isinstance(cause, _REFUSED_FOR_NOW) or any(text in str(cause) for text in _REFUSED_FOR_NOW_TEXTS):
        return Transient(reason)
    if isinstance(cause, exceptions.ResponseError | _REFUSED_FOR_GOOD[0] | _REFUSED_FOR_GOOD[1]):
        return Permanent(reason)
    if any(isinstance(each, _NEVER_SENT) for each in _chain(cause)):
        return Transient(reason)
    return Ambiguous(reason)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain
