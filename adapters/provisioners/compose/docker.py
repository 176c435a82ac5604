"""Calling `docker`: its environment, its arguments, and what its complaints mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from adapters.processes.running import Answer, Script, ended
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, Permanent, Transient
from machines.ports.mandate import Mandate

INHERITED_VARIABLES: Final = (
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "HOME",
    "LANG",
    "PATH",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
)
"""All that `docker` sees of the daemon's environment: what reaches an engine, and no secret of the daemon's."""
PATH_DEFAULT: Final = "/usr/local/bin:/usr/bin:/bin"
_SIGNALLED: Final = range(129, 160)
"""Exit codes of a program that a signal ended and that said so itself: 130 is an interrupted `docker compose`."""
_PASSING: Final = re.compile(
    r"cannot connect to the docker daemon|failed to connect to the docker api|error during connect|connection refused"
    r"|is the docker daemon running|toomanyrequests|too many requests|tls handshake timeout|i/o timeout"
    r"|client\.timeout exceeded|temporary failure in name resolution|no such host|server misbehaving"
    r"|50[0234] (internal server error|bad gateway|service unavailable|gateway timeout)|no space left on device"
    r"|removal of container \S+ is already in progress",
    re.IGNORECASE,
)
_LOST: Final = re.compile(
    r"unexpected eof|\beof\b|connection reset by peer|broken pipe|context deadline exceeded|context canceled",
    re.IGNORECASE,
)


class Docker:
    """One engine, reached through the `docker` program. Each call is a process of its own."""

    def __init__(
        self, environment: Mapping[str, str], host: str | None, limit_s: float, scratch: Path, clock: Clock
    ) -> None:
        """`scratch` holds each call's output while it runs; `limit_s` bounds each call."""
        kept = {name: environment[name] for name in INHERITED_VARIABLES if name in environment}
        if host is not None:
            kept.pop("DOCKER_CONTEXT", None)  # A context would win over the address.
            kept["DOCKER_HOST"] = host
        self._environment = {"PATH": PATH_DEFAULT, **kept}
        self._limit_s = limit_s
        self._scratch = scratch
        self._clock = clock

    async def read(self, *arguments: str) -> bytes:
        """What a call that changes nothing prints; raises as `act` does, and `Ambiguous` where it printed too much."""
        answer = await self._run(arguments, self._limit_s)
        if answer.printed is None:
            raise Ambiguous(f"{_called(arguments)} printed more than can be read")
        return answer.printed

    async def act(
        self,
        arguments: tuple[str, ...],
        mandate: Mandate,
        limit_s: float | None = None,
        inherited: tuple[int, ...] = (),
        on_start: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        """Run one call that changes something to exit 0.

        Raises what the mandate does, `Transient` where the engine or a registry is not reached, `Ambiguous` where the
        answer was lost, a signal or the time limit ended the call, and `Permanent` for every other refusal.
        """
        limit_s = self._limit_s if limit_s is None else min(limit_s, self._limit_s)
        mandate.require(_called(arguments))
        return await self._run(arguments, limit_s, inherited, on_start)

    async def _run(
        self,
        arguments: tuple[str, ...],
        limit_s: float,
        inherited: tuple[int, ...] = (),
        on_start: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        script = Script(("docker", *arguments), self._environment, None, limit_s, inherited)
        answer = await ended(script, self._scratch, self._clock, on_start)
        if answer.exit_code == 0:
            return answer
        reason = f"{_called(arguments)} ended with exit {answer.exit_code}: {answer.complaint or 'no reason given'}"
        if answer.exit_code in _SIGNALLED:
            raise Ambiguous(reason)
        if _PASSING.search(answer.complaint):
            raise Transient(reason)
        if _LOST.search(answer.complaint):
            raise Ambiguous(reason)
        raise Permanent(reason)


_VERBS: Final = frozenset({"config", "down", "inspect", "ps", "stop", "up", "version"})


def _called(arguments: tuple[str, ...]) -> str:
    """The call as messages name it: `docker compose up`."""
    verb = next((each for each in arguments if each in _VERBS), "")
    return f"docker {'compose ' if arguments[0] == 'compose' else ''}{verb}".strip()
