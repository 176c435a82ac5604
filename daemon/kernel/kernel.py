"""The kernel: the registry of actors, how they are told and asked, and how their mail is handled.

An idle actor has neither task nor mailbox. The first message makes its mailbox and one task that handles messages one
at a time and ends when none is left. Time is the running loop's; chance is the `jitter` that is passed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from functools import partial

import msgspec

from daemon.kernel.actor import Actor, ActorRef, ActorState
from daemon.kernel.draining import Drains
from daemon.kernel.errors import ActorParked, ActorRefused, AskTimeout, KernelStopping, MailboxFull, UnknownActor
from daemon.kernel.mailbox import Reply, StopNotice, answer_failures
from daemon.kernel.restarts import ActorPolicy
from daemon.kernel.roots import Roots
from daemon.kernel.state import KernelState, OnEvent, Phase
from daemon.kernel.stopping import StopReport, climb
from daemon.kernel.tasks import Tasks
from daemon.kernel.timers import Timers


class Kernel:
    """Actors, timers, root tasks and their supervision, on the running loop. Nothing is shared between two kernels.

    `fatal` is done, with the exception, when the daemon cannot go on: an essential root task is parked, or something
    raised what is no `Exception`. Await it beside the signal that asks for a stop.
    """

    def __init__(self, *, on_event: OnEvent, jitter: Callable[[], float], timer_retry_s: float = 1.0) -> None:
        """`jitter` returns the factor by which each back-off is multiplied, such as 0.5 to 1.5."""
        self._state = state = KernelState(on_event, jitter)
        self._actors: dict[str, ActorRef] = {}
        self.counters = state.counters
        self.fatal = state.fatal
        self.tasks = Tasks(state)
        self.roots = Roots(state, self.tasks)
        self.timers = Timers(state.loop, self._timer_due, timer_retry_s)
        self._drains = Drains(state, self.tasks)
        self._supervision = self._drains.supervision

    @property
    def phase(self) -> Phase:
        """How far the kernel has come."""
        return self._state.phase

    @property
    def is_stopping(self) -> bool:
        """True from the moment a stop begins: nothing new may be started outside any more (I10)."""
        return self._state.is_stopping

    @property
    def actors(self) -> Collection[ActorRef]:
        """Every actor in the order of spawning; a live view with `name`, `state` and `reason` of each."""
        return self._actors.values()

    def find(self, name: str) -> ActorRef:
        """The actor of this name; raises `UnknownActor`."""
        ref = self._actors.get(name)
        if ref is None:
            raise UnknownActor(name)
        return ref

    def spawn(self, source: Actor | Callable[[], Actor], policy: ActorPolicy) -> ActorRef:
        """Adds an actor, or what a factory builds; a factory also rebuilds it after a failure, else `Actor.restart`.

        Raises `KernelStopping` after a stop has begun and `ValueError` when the name is taken.
        """
        actor, factory = (source, None) if isinstance(source, Actor) else (source(), source)
        if self.is_stopping:
            raise KernelStopping(actor.name)
        if actor.name in self._actors:
            raise ValueError(f"an actor named {actor.name!r} exists already; names are unique in a kernel")
        ref = self._actors[actor.name] = ActorRef(actor, factory, policy)
        if ref.state is ActorState.STARTING:
            self._drains.start(ref)
        return ref

    def remove(self, name: str, reason: str) -> None:
        """Forgets an actor: waiting messages are refused with `reason`, the one being handled is finished."""
        ref = self.find(name)
        if ref.state is ActorState.PARKED:
            ref.reason = reason
        else:
            self._supervision.park(ref, reason)
        self.counters.parked -= 1
        del self._actors[name]

    def tell(self, target: ActorRef | str, message: msgspec.Struct) -> bool:
        """Puts a message into the mailbox; False when it was refused, which is counted. Raises `UnknownActor`."""
        ref = target if isinstance(target, ActorRef) else self.find(target)
        return self._deliver(ref, message, None) is None

    async def ask(self, target: ActorRef | str, message: msgspec.Struct, timeout_s: float) -> object | None:
        """What the actor's `receive` returns for this message.

        Raises a kind of `ActorRefused` when the message was not taken, `AskTimeout` when no answer came in time (the
        outcome is unknown), `ActorFailed` when the actor failed at it, `UnknownActor`.
        """
        ref = target if isinstance(target, ActorRef) else self.find(target)
        loop = self._state.loop
        reply: Reply = loop.create_future()
        refusal = self._deliver(ref, message, reply)
        if refusal is not None:
            raise refusal
        deadline = loop.call_at(loop.time() + timeout_s, self._too_late, reply, ref.name, timeout_s)
        try:
            return await reply
        finally:
            deadline.cancel()

    async def ask_in_turn(self, target: ActorRef | str, message: msgspec.Struct, timeout_s: float) -> object | None:
        """As `ask`, waiting for room where the mailbox is full: in the order of coming, and within `timeout_s` as well.

        For whoever would only come again: many that do so at once keep each other out, and redo what led them here.
        """
        ref = target if isinstance(target, ActorRef) else self.find(target)
        loop = self._state.loop
        until_s = loop.time() + timeout_s
        while isinstance(self.refusal(ref), MailboxFull) and not self.is_stopping:
            if not await self._drains.wait_for_room(ref, until_s):
                break
        return await self.ask(ref, message, max(0.0, until_s - loop.time()))

    def refusal(self, target: ActorRef | str) -> ActorRefused | None:
        """Why a message would be refused at this moment, None when it would be taken. Raises `UnknownActor`."""
        ref = target if isinstance(target, ActorRef) else self.find(target)
        if self._state.phase is not Phase.SERVING and not self._is_finishing(ref):
            return KernelStopping(ref.name)
        if ref.state is ActorState.PARKED:
            return ActorParked(ref.name, ref.reason)
        taken = (0 if ref.mailbox is None else len(ref.mailbox)) + (0 if ref.turns is None else ref.turns.given)
        if taken >= ref.policy.mailbox_items_max:
            return MailboxFull(ref.name, ref.policy.mailbox_items_max)
        return None

    def park(self, name: str, reason: str) -> bool:
        """Parks an actor for an operator: the message being handled is finished, those behind it are refused.

        False when it is parked already. Raises `UnknownActor`.
        """
        ref = self.find(name)
        if ref.state is ActorState.PARKED:
            return False
        self._supervision.park(ref, reason)
        return True

    def resume(self, name: str) -> bool:
        """Rebuilds a parked actor and lets it work again with an empty restart window.

        False when it is not parked, or a stop has begun. Raises `UnknownActor`.
        """
        ref = self.find(name)
        if ref.state is not ActorState.PARKED or self.is_stopping:
            return False
        self._supervision.resume(ref)
        return True

    async def stop(self, *, ask_s: float, cancel_s: float) -> StopReport:
        """Ends all work by the stop ladder, within `2 * (ask_s + cancel_s)`; see `daemon.kernel.stopping`.

        Raises `RuntimeError` when a stop has begun before.
        """
        if self.is_stopping:
            raise RuntimeError(f"the kernel has stopped or is stopping already (phase {self.phase.name.lower()})")
        self._state.phase = Phase.STOPPING
        self.timers.clear()
        for ref in self._actors.values():
            self._supervision.end_turns(ref)
            if ref.state is ActorState.RESTARTING and ref.task is None:
                self._supervision.refuse_mail(ref, partial(KernelStopping, ref.name))
            elif ref.state is not ActorState.PARKED and type(ref.actor).stopping is not Actor.stopping:
                self._drains.put(ref, (StopNotice(), None))
        report = await climb(self._state, self.tasks, self.roots, ask_s=ask_s, cancel_s=cancel_s)
        for ref in self._actors.values():  # What cancelled and abandoned actors leave behind.
            answer_failures(ref.askers, partial(KernelStopping, ref.name))
            self._supervision.refuse_mail(ref, partial(KernelStopping, ref.name))
        return report

    def end(self, failure: Exception) -> None:
        """Say that the daemon cannot go on: `fatal` is done with `failure`. The first one stands."""
        self._state.fail(failure)

    def _deliver(self, ref: ActorRef, message: msgspec.Struct, reply: Reply | None) -> ActorRefused | None:
        refusal = self.refusal(ref)
        if refusal is None:
            self._drains.put(ref, (message, reply))
            return None
        self.counters.refusals += 1
        if isinstance(refusal, MailboxFull):
            self.counters.overflows += 1
        return refusal

    def _is_finishing(self, ref: ActorRef) -> bool:
        """Whether the present task may still send to this actor during a stop: only from inside, to one that works."""
        task = asyncio.current_task()
        if task is None or self.phase is not Phase.STOPPING or ref.state is ActorState.RESTARTING:
            return False
        return self.tasks.owner_of(task) is not None and not task.cancelling()

    def _timer_due(self, ref: ActorRef, message: msgspec.Struct) -> bool:
        return not isinstance(self._deliver(ref, message, None), MailboxFull)

    def _too_late(self, reply: Reply, name: str, timeout_s: float) -> None:
        if not reply.done():
            self.counters.asks_late += 1
            reply.set_exception(AskTimeout(name, timeout_s))
