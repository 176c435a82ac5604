"""How mail is handled: one task per busy actor, one message (or some together) at a time, gone when none is left."""

from __future__ import annotations

import asyncio
from functools import partial

from daemon.kernel.actor import ActorRef, ActorState
from daemon.kernel.errors import ActorFailed, KernelStopping
from daemon.kernel.mailbox import Envelope, Mailbox, Neighbours, StopNotice, answer_failures
from daemon.kernel.state import EventKind, KernelState, Phase, failure_text
from daemon.kernel.supervision import Supervision
from daemon.kernel.tasks import Tasks
from daemon.kernel.turns import Turns

_RUNNING = ActorState.RUNNING
_PARKED = ActorState.PARKED

_MESSAGES_A_TURN = 64
"""After so many messages in a row an actor lets the others run."""


class Drains:
    """Puts messages into mailboxes and has them handled."""

    __slots__ = ("_state", "_tasks", "supervision")

    def __init__(self, state: KernelState, tasks: Tasks) -> None:
        self._state = state
        self._tasks = tasks
        self.supervision = Supervision(state, self.wake)

    def put(self, ref: ActorRef, envelope: Envelope) -> None:
        """Adds a message that was not refused."""
        if ref.mailbox is None:
            ref.mailbox = Mailbox()
        ref.mailbox.append(envelope)
        # A restarting actor has no task while it waits for its back-off; its mail waits with it.
        if ref.task is None and ref.state is not ActorState.RESTARTING:
            self.start(ref)

    def wake(self, ref: ActorRef) -> None:
        """Lets a restarting actor be rebuilt now, unless a stop has begun or its task is still at work."""
        if ref.task is None and not self._state.is_stopping:
            self.start(ref)

    def start(self, ref: ActorRef) -> None:
        """Starts the one task of an actor that has none."""
        ref.task = self._tasks.start(self._drain(ref), name=ref.name, owner=ref.name)

    async def _drain(self, ref: ActorRef) -> None:
        try:
            await self._work_off(ref)
        except BaseException as failure:
            if not self._is_of_the_actor(ref, failure):
                raise
            self._failed(ref, failure)
        finally:
            ref.task, ref.askers = None, ()
            if not ref.mailbox:
                ref.mailbox = None

    async def _work_off(self, ref: ActorRef) -> None:
        """Starts or rebuilds the actor where needed and handles its mail in order until none is left."""
        handled = 0
        has_lingered = False
        while self._state.phase < Phase.CANCELLING:
            if ref.state is not _RUNNING and ref.state is not _PARKED:
                await self._bring_up(ref)
            if not ref.mailbox:
                if has_lingered:
                    return
                # One turn of grace: an actor that is asked again and again keeps its task instead of getting new ones.
                has_lingered = True
                await asyncio.sleep(0)
                continue
            has_lingered = False
            if type(ref.mailbox[0][0]) in ref.actor.taken_together:
                handled += await self._handle_together(ref, ref.mailbox)
            else:
                message, asker = ref.mailbox.popleft()
                if ref.turns is not None:
                    self._let_in(ref, ref.turns)
                if asker is not None and asker.done():
                    continue  # The asker has given up and counts the outcome as unknown: begin nothing for nobody.
                ref.askers = () if asker is None else (asker,)
                answer = await (ref.actor.stopping() if type(message) is StopNotice else ref.actor.receive(message))
                ref.askers = ()
                if asker is not None and not asker.done():
                    asker.set_result(answer)
                handled += 1
            if handled >= _MESSAGES_A_TURN:
                handled = 0
                await asyncio.sleep(0)

    async def _handle_together(self, ref: ActorRef, mailbox: Mailbox) -> int:
        """Handles what waits together at the head of a mailbox; returns how many messages that were."""
        others = Neighbours(mailbox, ref.actor.taken_together, _MESSAGES_A_TURN, partial(self._left_one, ref))
        first = others.peek()
        if first is None:
            return 0
        others.take()
        ref.askers = others.askers
        answers = await ref.actor.receive_together(first, others)
        if len(answers) != len(others.replies):
            raise ValueError(f"{len(answers)} answers to {len(others.replies)} messages that came together")
        ref.askers = ()
        for asker, answer in zip(others.replies, answers, strict=True):
            if asker is not None and not asker.done():
                asker.set_result(answer)
        return len(answers)

    def _left_one(self, ref: ActorRef) -> None:
        if ref.turns is not None:
            self._let_in(ref, ref.turns)

    async def wait_for_room(self, ref: ActorRef, until_s: float) -> bool:
        """Waits in turn for a place in a full mailbox, to be used at once; False where there is none by `until_s`."""
        ref.turns = turns = ref.turns or Turns()
        has_place = False
        try:
            has_place = await turns.wait(self._state.loop, until_s)
        finally:
            if not has_place:
                self._let_in(ref, turns)  # a place that was given to who gave up meanwhile
            else:
                self._end_turns(ref, turns)
        return has_place

    def _let_in(self, ref: ActorRef, turns: Turns) -> None:
        turns.let_in(ref.policy.mailbox_items_max - len(ref.mailbox or ()) - turns.given)
        self._end_turns(ref, turns)

    def _end_turns(self, ref: ActorRef, turns: Turns) -> None:
        """Who gave up may come late: others may wait in new ones by then."""
        if turns.are_over and ref.turns is turns:
            ref.turns = None

    async def _bring_up(self, ref: ActorRef) -> None:
        if self._state.is_stopping:
            self.supervision.refuse_mail(ref, partial(KernelStopping, ref.name))
            return
        life = ref.life
        if ref.state is ActorState.STARTING:
            await ref.actor.started()
        elif ref.factory is not None:
            ref.actor = ref.factory()
            await ref.actor.started()
        else:
            await ref.actor.restart()
        if ref.life == life:
            ref.state = ActorState.RUNNING

    def _is_of_the_actor(self, ref: ActorRef, failure: BaseException) -> bool:
        """True for what is supervised; False for a cancellation of this task, the end of the loop, and a crash."""
        if isinstance(failure, Exception):
            return True
        if isinstance(failure, asyncio.CancelledError):
            if ref.task is None or ref.task.cancelling() == 0:
                return True  # Nobody cancelled this task: something that the actor awaited was cancelled.
            answer_failures(ref.askers, partial(KernelStopping, ref.name))
        elif not isinstance(failure, GeneratorExit):
            self._state.crash(failure)
        return False

    def _failed(self, ref: ActorRef, failure: BaseException) -> None:
        """Tells the asker, then leaves the actor to supervision; once a stop has begun nothing is restarted."""
        detail = failure_text(failure)
        answer_failures(ref.askers, partial(_told, ref.name, detail, failure))
        if self._state.is_stopping:
            self.supervision.refuse_mail(ref, partial(KernelStopping, ref.name))
            self._state.report(EventKind.TASK_FAILED, ref.name, f"{detail}; the kernel is stopping")
        else:
            self.supervision.failed(ref, detail)


def _told(name: str, detail: str, failure: BaseException) -> ActorFailed:
    told = ActorFailed(name, detail)
    told.__cause__ = failure
    return told
