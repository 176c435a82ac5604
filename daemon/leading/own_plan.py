"""The plan that a standby would lead with, held against the journal's: where they differ it would lead frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from config.errors import PlanError
from config.plan import Plan
from daemon.kernel import pause
from daemon.leading.following import Following
from daemon.resume import plan_fingerprint

LOOK_EVERY_S: Final = 10.0
"""How often the file is read: an operator who puts it right waits no longer to see that, and a read takes 20 ms."""
SOON_S: Final = 0.5
"""How soon a plan in the journal is looked for again while none was read there."""


class OwnPlan:
    """What this machine's plan says; a person mends it, or tells the leader to `reload` it."""

    def __init__(self, read_plan: Callable[[], Plan], following: Following) -> None:
        """`read_plan` is asked in a thread; it raises `PlanError`."""
        self.differs = ""
        """Why a takeover would be frozen, or not with what the file says; empty while the two are one plan."""
        self._read_plan = read_plan
        self._following = following
        self._log = structlog.get_logger("standby")

    async def watch(self) -> None:
        """Compare until the task is cancelled."""
        while True:
            await pause(LOOK_EVERY_S if await self.look() else SOON_S)

    async def look(self) -> bool:
        """Whether there was a plan in the journal to compare with."""
        followed = self._following.state
        if followed is None or followed.plan is None:
            return False
        try:
            own = await asyncio.to_thread(self._read_plan)
        except PlanError as error:
            first = str(error).partition("\n")[0]
            self._note(f"the plan of this machine cannot be read, the one of the start would lead: {first}")
            return True
        # Read again: the leader may have adopted another plan meanwhile.
        followed = self._following.state
        if followed is None or followed.plan is None:
            return False
        same = plan_fingerprint(own) == followed.plan_fingerprint
        self._note("" if same else _text(own.id, followed.plan.id))
        return True

    def _note(self, differs: str) -> None:
        if differs == self.differs:
            return
        self.differs = differs
        if differs:
            self._log.warning("plan_differs", reason=differs)
        else:
            self._log.info("plan_agrees")


def _text(own: str, followed: str) -> str:
    named = f"the plan {own} of this machine" if own == followed else f"this machine's plan, {own},"
    the_other = "the one in the journal" if own == followed else f"{followed}, the one in the journal"
    return (
        f"{named} differs from {the_other}: it would lead frozen. Put the file there that the leader has; where this"
        " one is the newer, give it to the leader and send the verb reload"
    )
