"""One call to AWS: in a thread, with a time limit, its errors in the words of the port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from adapters.blocking_calls import BlockingCalls
from adapters.provisioners.aws.clients import Clients
from adapters.provisioners.aws.errors import code_of, lacks_credentials, translate
from config.instants import SECOND, Instant
from machines.ports.clock import Clock
from machines.ports.faults import CallError, Permanent, Transient
from machines.ports.mandate import Mandate

CALL_LIMIT_S: Final = 30.0
_READS: Final = ("describe_", "list_", "get_", "batch_get_")
Answer = dict[str, Any]


class Place:
    """One region of AWS, reached until a deadline."""

    def __init__(
        self,
        clients: Clients,
        blocking: BlockingCalls,
        clock: Clock,
        region: str,
        *,
        deadline_at: Instant | None = None,
        mandate: Mandate | None = None,
    ) -> None:
        """Without a deadline, the limit of a single call is the only one; without a mandate, nothing is changed."""
        self.region = region
        self._clients = clients
        self._blocking = blocking
        self._clock = clock
        self._deadline_at = deadline_at
        self._mandate = mandate

    def elsewhere(self, region: str) -> Place:
        """Another region, until the same deadline."""
        return Place(
            self._clients,
            self._blocking,
            self._clock,
            region,
            deadline_at=self._deadline_at,
            mandate=self._mandate,
        )

    async def call(self, service: str, operation: str, **parameters: Any) -> Answer:
        """The answer of one call, such as `call("ecr", "describe_repositories", repositoryNames=[…])`.

        Raises `Transient`, `Permanent` or `Ambiguous`.
        """
        answer = await self.call_unless((), service, operation, **parameters)
        return answer if answer is not None else {}

    async def call_unless(
        self, codes: tuple[str, ...], service: str, operation: str, **parameters: Any
    ) -> Answer | None:
        """The same; None where AWS refuses with one of these codes, such as `RepositoryNotFoundException`."""
        answer = await self.call_or_code(codes, service, operation, **parameters)
        return None if isinstance(answer, str) else answer

    async def call_or_code(
        self, codes: tuple[str, ...], service: str, operation: str, **parameters: Any
    ) -> Answer | str:
        """The same; the code itself where it matters which of them it was."""
        return await self._asked(
            codes, service, operation, lambda: getattr(self._client(service), operation)(**parameters)
        )

    async def pages(self, service: str, operation: str, **parameters: Any) -> Answer:
        """The answers of all pages as one. The time limit is that of a single call: a part of a list is no list."""
        answer = await self._asked(
            (),
            service,
            operation,
            lambda: self._client(service).get_paginator(operation).paginate(**parameters).build_full_result(),
        )
        return answer if not isinstance(answer, str) else {}

    def _client(self, service: str) -> Any:
        return self._clients.client(service, self.region)

    async def _asked(
        self, codes: tuple[str, ...], service: str, operation: str, function: Callable[[], Answer]
    ) -> Answer | str:
        what = f"{service} {operation} in {self.region}"
        changes = not operation.startswith(_READS)

        def called() -> Answer:
            # In the thread, for it may wait for its place, and goes on where the step was cancelled.
            if changes:
                self._require_mandate(what)
            return self._called(function)

        try:
            return await self._blocking.call(what, called, limit_s=self._limit_s(what))
        except CallError:
            raise
        except Exception as error:  # noqa: BLE001 - an SDK raises what it likes; `translate` has a word for each
            if code_of(error) in codes:
                return code_of(error)
            translate(error, what, changes=changes, own_endpoint=self._clients.own_endpoint)

    def _require_mandate(self, what: str) -> None:
        if self._mandate is None:
            raise Permanent(f"{what} would change something, and a look has no mandate for it: report it as a defect")
        self._mandate.require(what)

    def _called(self, function: Callable[[], Answer]) -> Answer:
        """In a thread."""
        try:
            return function()
        except Exception as error:
            if lacks_credentials(error):
                self._clients.forget()
            raise

    def _limit_s(self, what: str) -> float:
        if self._deadline_at is None:
            return CALL_LIMIT_S
        left_s = (self._deadline_at - self._clock.wall()) / SECOND
        if left_s <= 0:
            raise Transient(f"the deadline passed before {what} was asked")
        return min(CALL_LIMIT_S, left_s)
