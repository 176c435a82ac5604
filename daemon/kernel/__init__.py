"""The actor kernel: actors with bounded mailboxes, supervision, timers, root tasks and the stop ladder, in asyncio.

It knows nothing of money or components. The rooms, from the inside out:

* `errors`, `mailbox`, `restarts`, `actor`: what an actor is, what it is held to, how it refuses, what it takes together
* `state`: what the parts of one kernel share: phase, counters, `on_event`, `fatal`
* `tasks`, `timers`: the one place where tasks are created; one heap for every timer
* `supervision`, `draining`, `roots`: handle the mail; restart with back-off, at most so often in a window, then park
* `beating`: a root is heard while it waits
* `stopping`: ask, cancel, abandon with a count
* `kernel`: the registry, `spawn`, `tell`, `ask`, `park`, `resume`, `stop`

An actor in full:

    class Greeter(Actor):
        __slots__ = ()

        async def receive(self, message: msgspec.Struct) -> str:
            return "hello"

    kernel = Kernel(on_event=journal_it, jitter=lambda: 0.5 + chance.random())
    greeter = kernel.spawn(Greeter("greeter"), policy)
    answer = await kernel.ask(greeter, Hello(), timeout_s=5)
"""

from daemon.kernel.actor import Actor, ActorRef, ActorState
from daemon.kernel.beating import BEAT_EVERY_S_MAX, beating, pause_beating
from daemon.kernel.errors import (
    ActorFailed,
    ActorParked,
    ActorRefused,
    AskTimeout,
    KernelStopping,
    MailboxFull,
    RootEnded,
    RootFailed,
    UnknownActor,
)
from daemon.kernel.kernel import Kernel
from daemon.kernel.mailbox import Neighbours
from daemon.kernel.pausing import pause
from daemon.kernel.restarts import ActorPolicy, RestartPolicy
from daemon.kernel.roots import Root, Roots
from daemon.kernel.state import Counters, EventKind, OnEvent, Phase
from daemon.kernel.stopping import StopReport
from daemon.kernel.tasks import Tasks
from daemon.kernel.timers import TimerId, Timers

__all__ = [
    "BEAT_EVERY_S_MAX",
    "Actor",
    "ActorFailed",
    "ActorParked",
    "ActorPolicy",
    "ActorRef",
    "ActorRefused",
    "ActorState",
    "AskTimeout",
    "Counters",
    "EventKind",
    "Kernel",
    "KernelStopping",
    "MailboxFull",
    "Neighbours",
    "OnEvent",
    "Phase",
    "RestartPolicy",
    "Root",
    "RootEnded",
    "RootFailed",
    "Roots",
    "StopReport",
    "Tasks",
    "TimerId",
    "Timers",
    "UnknownActor",
    "beating",
    "pause",
    "pause_beating",
]
