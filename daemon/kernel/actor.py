"""An actor: one bounded mailbox, one writer of its own state."""

from __future__ import annotations

import asyncio
import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec

from daemon.kernel.mailbox import Mailbox, Neighbours, Reply
from daemon.kernel.restarts import ActorPolicy, RestartWindow
from daemon.kernel.turns import Turns


class Actor(ABC):
    """Something that does one thing at a time: it handles a message, or some that wait together.

    Subclasses declare `__slots__`, so that 100,000 of them stay small. An exception out of any of these methods
    restarts this actor (`daemon.kernel.supervision`) and touches no other.
    """

    __slots__ = ("name",)

    taken_together: ClassVar[frozenset[type[msgspec.Struct]]] = frozenset()
    """The kinds of messages that go to `receive_together` and not to `receive`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    async def receive(self, message: msgspec.Struct) -> object | None:
        """Handles one message; what it returns answers an `ask` and is dropped after a `tell`."""

    async def receive_together(
        self,
        first: msgspec.Struct,
        others: Neighbours,  # noqa: ARG002 - who overrides it takes from them
    ) -> Sequence[object | None]:
        """Handles a message of the kinds `taken_together`, with as many of the next ones as it takes from `others`.

        For what costs the same for many as for one, as one synchronisation of a disk. It returns one answer for each,
        in their order. Nobody is answered before all are, and an exception answers them all.
        """
        return [await self.receive(first)]

    async def started(self) -> None:  # noqa: B027 - overriding it is a choice
        """Runs once before the first message, when overridden; the place to set the first timers."""

    async def restart(self) -> None:
        """Rebuilds the state from durable state after a failure or a resume. Timers of the earlier life are gone.

        Not called for an actor that was spawned by a factory: that one is built anew and `started`.
        """
        await self.started()

    async def stopping(self) -> None:  # noqa: B027 - overriding it is a choice
        """Runs once when a stop begins, after the messages that waited then; other actors may still send some."""


class ActorState(enum.Enum):
    """Where an actor, or a root task, stands in its life."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    PARKED = "parked"


class ActorRef:
    """The kernel's one record of an actor; it stays the same when the actor is rebuilt. Read it, never write it.

    `life` counts restarts, parkings and resumes, so that a timer of an earlier life is recognised.
    `mailbox`, `task`, `turns` and `window` exist only while there is something in them; `askers` wait for the present
    message: more than one where messages were taken together.
    """

    __slots__ = (
        "actor",
        "askers",
        "factory",
        "life",
        "mailbox",
        "name",
        "policy",
        "reason",
        "state",
        "task",
        "turns",
        "window",
    )

    def __init__(self, actor: Actor, factory: Callable[[], Actor] | None, policy: ActorPolicy) -> None:
        self.actor = actor
        self.factory = factory
        self.name = actor.name
        self.policy = policy
        self.state = ActorState.RUNNING if type(actor).started is Actor.started else ActorState.STARTING
        self.reason = ""
        self.life = 0
        self.askers: Sequence[Reply] = ()
        self.mailbox: Mailbox | None = None
        self.task: asyncio.Task[None] | None = None
        self.turns: Turns | None = None
        self.window: RestartWindow | None = None

    def __repr__(self) -> str:
        return f"<ActorRef {self.name} {self.state.value}>"
