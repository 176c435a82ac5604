"""What the kernel says when a message is not taken, not answered in time, or answered by a failure."""

from __future__ import annotations


class ActorRefused(Exception):
    """A message was not taken, and nothing was done with it. `actor` is the name, `reason` says why."""

    def __init__(self, actor: str, reason: str) -> None:
        super().__init__(f"actor {actor!r} refused a message: {reason}")
        self.actor = actor
        self.reason = reason


class MailboxFull(ActorRefused):
    """The actor's mailbox holds `mailbox_items_max` messages: send later, or less."""

    def __init__(self, actor: str, items_max: int) -> None:
        super().__init__(actor, f"its mailbox is full ({items_max} items); it works slower than it is asked to")


class ActorParked(ActorRefused):
    """The actor is parked until an operator resumes it."""

    def __init__(self, actor: str, why: str) -> None:
        super().__init__(actor, f"it is parked ({why}); resume it once the cause is mended")


class KernelStopping(ActorRefused):
    """A stop has begun, and no new work is taken from outside (I10)."""

    def __init__(self, actor: str) -> None:
        super().__init__(actor, "the kernel is stopping")


class UnknownActor(LookupError):
    """No actor has this name."""

    def __init__(self, actor: str) -> None:
        super().__init__(f"no actor is named {actor!r}; it was never spawned, or it has been removed")
        self.actor = actor


class AskTimeout(TimeoutError):
    """No answer came within `timeout_s`. The outcome is unknown; a message that was not begun by then is dropped."""

    def __init__(self, actor: str, timeout_s: float) -> None:
        super().__init__(f"actor {actor!r} gave no answer within {timeout_s} s; the outcome is unknown")
        self.actor = actor
        self.timeout_s = timeout_s


class ActorFailed(Exception):
    """The actor failed while it handled the message; `__cause__` is its exception. The actor itself is supervised."""

    def __init__(self, actor: str, detail: str) -> None:
        super().__init__(f"actor {actor!r} failed while it handled the message: {detail}")
        self.actor = actor
        self.detail = detail


class RootFailed(Exception):
    """An essential root task is parked: the daemon cannot do its work and has to stop."""

    def __init__(self, root: str, reason: str) -> None:
        super().__init__(f"the essential root task {root!r} is parked: {reason}")
        self.root = root
        self.reason = reason


class RootEnded(Exception):
    """A root task returned although no stop had begun; root tasks run until they are stopped."""

    def __init__(self, root: str) -> None:
        super().__init__(f"the root task {root!r} ended by itself; a root task runs until the kernel stops it")
        self.root = root
