"""The one caller of everything that mutates infrastructure. Dry run lives here: without a provisioner nothing acts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from config.errors import printable
from config.instants import SECOND
from config.plan import Component
from daemon.messages import StepGranted
from machines.events import StepOutcome
from machines.observations import Observation
from machines.ports.budgets import BudgetReconciler, Reconciled
from machines.ports.clock import Clock
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.lease import Alone, Leadership
from machines.ports.mandate import Mandate
from machines.ports.provisioner import (
    FoundResource,
    Observer,
    Provisioner,
    Resource,
    StepBegun,
    StepDone,
    StepOrder,
)

DRY_RUN = "this is a dry run: nothing is changed"
STOPPING = "the daemon is stopping: no new call starts"
NOT_LEADING = "the lease is not renewed: another daemon may lead already, so no new call starts"


class Answer(msgspec.Struct, frozen=True):
    """How a call ended, in the words of the journal: printable, whatever an adapter was told."""

    outcome: StepOutcome
    reason: str = ""
    request_id: str = ""
    retry_after_s: float | None = None
    begun: bool = True
    """False where no call was made, as after a stop has begun: nothing is to be learnt from it."""


async def _nothing() -> None:
    """Nothing shows it."""


class Actuator:
    """Takes granted steps, bounded in time and number, and never after a stop has begun.

    In a dry run `provisioners` is empty: no object that could mutate exists in the process.
    """

    def __init__(
        self,
        *,
        observers: Mapping[str, Observer],
        provisioners: Mapping[str, Provisioner],
        clock: Clock,
        call_timeout_s: float,
        concurrent_calls_max: int,
        stopping: Callable[[], bool],
        leadership: Leadership = Alone(),  # noqa: B008 - it has no state
        confirm: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        """`stopping` says whether a stop has begun: from then on no call starts (I10).

        `confirm` looks, right before each call, whether anything shows that another daemon leads; `leadership` says so
        then.

        `leadership` is asked before each call, and by the adapter before each request of it that changes something
        (`Mandate`): a daemon that was held still, or that cannot reach its store, must not act beside the one that
        took over.
        """
        self._observers = observers
        self._provisioners = provisioners
        self._clock = clock
        self._call_timeout_s = call_timeout_s
        self._places = asyncio.Semaphore(concurrent_calls_max)
        self._stopping = stopping
        self._leadership = leadership
        self._confirm = confirm

    @property
    def dry_run(self) -> bool:
        """Whether nothing can be changed."""
        return not self._provisioners

    async def observe(self, plan_id: str, component: Component, name: str = "") -> Observation:
        """One look, at the adopted resource `name` where there is one.

        Raises `CallError` when there was no look: what it would have shown is unknown.
        """
        observer = self._observers.get(component.provisioner)
        if observer is None:
            raise Permanent(f"no provisioner of kind {component.provisioner!r} is set up")
        resource = _resource(plan_id, component, name)
        async with self._places:
            if self._stopping():
                raise Transient(STOPPING)
            try:
                async with asyncio.timeout(self._call_timeout_s):
                    return await observer.observe(resource)
            except TimeoutError:
                raise Ambiguous(f"no answer within {self._call_timeout_s:g} s") from None

    async def list_resources(self, kind: str, known: Sequence[Resource]) -> tuple[FoundResource, ...]:
        """All that carries the plan's tag in the places of the known resources; raises as `observe` does."""
        observer = self._observers.get(kind)
        if observer is None:
            raise Permanent(f"no provisioner of kind {kind!r} is set up")
        async with self._places:
            if self._stopping():
                raise Transient(STOPPING)
            try:
                async with asyncio.timeout(self._call_timeout_s):
                    return await observer.list_resources(known[0].plan, known)
            except TimeoutError:
                raise Ambiguous(f"no answer within {self._call_timeout_s:g} s") from None

    async def perform(self, plan_id: str, component: Component, granted: StepGranted, name: str = "") -> Answer:
        """Take a granted step. However the call ends, it is one of the five answers; only cancellation passes."""
        provisioner = self._provisioners.get(component.provisioner)
        if provisioner is None:
            return Answer(StepOutcome.PERMANENT, DRY_RUN)
        mandate = self._mandate()
        order = StepOrder(
            resource=_resource(plan_id, component, name),
            token=granted.token,
            generation=granted.generation,
            deadline_at=granted.deadline_at,
            mandate=mandate,
        )
        async with self._places:
            if refused := await self._refused():
                return refused
            return await self._answer(lambda: provisioner.take(granted.step, order), mandate)

    async def remove(self, found: FoundResource, still: Callable[[], bool]) -> Answer:
        """Remove what belongs to nothing. However the call ends, it is one of the five answers.

        `still` is asked at the last moment, when the call has its place: where it says no, no call is made.
        """
        provisioner = self._provisioners.get(found.kind)
        if provisioner is None:
            return Answer(StepOutcome.PERMANENT, DRY_RUN, begun=False)
        async with self._places:
            if refused := await self._refused():
                return refused
            if not still():
                return Answer(StepOutcome.TRANSIENT, "it is not to be removed any more", begun=False)
            mandate = self._mandate()
            return await self._answer(lambda: provisioner.remove(found, mandate), mandate)

    async def reconcile(
        self, component: Component, period: str, billed_micros: int, reason: str, order: str
    ) -> Reconciled | Answer:
        """Set what a month of a budget has spent to what the provider bills; an answer where that was not done."""
        provisioner = self._provisioners.get(component.provisioner)
        if provisioner is None:
            return Answer(StepOutcome.PERMANENT, DRY_RUN, begun=False)
        if not isinstance(provisioner, BudgetReconciler):
            return Answer(StepOutcome.PERMANENT, f"{component.provisioner} keeps no budget", begun=False)
        done: list[Reconciled] = []
        mandate = self._mandate()

        async def call() -> StepDone:
            asked = provisioner.reconcile(component.id, period, billed_micros, reason, order=order, mandate=mandate)
            done.append(await asked)
            return StepDone()

        async with self._places:
            if refused := await self._refused():
                return refused
            answer = await self._answer(call, mandate)
        return done[0] if done else answer

    def _mandate(self) -> Mandate:
        return Mandate(self._leadership.fencing, self._leadership.leads)

    async def _refused(self) -> Answer | None:
        """Why no call may start at this moment; None where it may. Asked last: waiting for a place takes time."""
        if not self._stopping():
            await self._confirm()
        if self._stopping():
            return Answer(StepOutcome.TRANSIENT, STOPPING, begun=False)
        if not self._leadership.leads():
            return Answer(StepOutcome.TRANSIENT, NOT_LEADING, begun=False)
        return None

    async def _answer(self, call: Callable[[], Awaitable[StepDone | StepBegun]], mandate: Mandate) -> Answer:
        answer = await self._ended(call, mandate)
        return replace(answer, reason=printable(answer.reason), request_id=printable(answer.request_id))

    async def _ended(self, call: Callable[[], Awaitable[StepDone | StepBegun]], mandate: Mandate) -> Answer:
        try:
            async with asyncio.timeout(self._call_timeout_s):
                done = await call()
        except TimeoutError:
            return Answer(StepOutcome.AMBIGUOUS, f"no answer within {self._call_timeout_s:g} s")
        except Transient as refused:
            begun = mandate.changed or self._leadership.leads()
            return Answer(StepOutcome.TRANSIENT, refused.reason, retry_after_s=refused.retry_after_s, begun=begun)
        except Permanent as refused:
            return Answer(StepOutcome.PERMANENT, refused.reason)
        except CallError as unknown:
            return Answer(StepOutcome.AMBIGUOUS, unknown.reason)
        except Exception as defect:  # noqa: BLE001 - an adapter's defect says nothing of what it did: unknown
            return Answer(StepOutcome.AMBIGUOUS, f"the provisioner failed: {type(defect).__name__}: {defect}")
        if isinstance(done, StepBegun):
            return Answer(StepOutcome.BEGUN, done.detail, done.request_id, retry_after_s=done.look_after_s)
        return Answer(StepOutcome.DONE, request_id=done.request_id)


def _resource(plan_id: str, component: Component, name: str) -> Resource:
    return Resource(plan_id, component.id, component.options, name, component.stateful)


def deadline_left_s(clock: Clock, deadline_at: int) -> float:
    """Seconds of the clock until the deadline; at least 0."""
    return max(0.0, (deadline_at - clock.wall()) / SECOND)
