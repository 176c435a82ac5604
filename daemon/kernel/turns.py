"""Who waits for room in a full mailbox: in the order of coming, and no longer than each can wait."""

from __future__ import annotations

import asyncio


class Turns:
    """Made when the first one waits. A place that was given to one is nobody else's until that one has used it."""

    __slots__ = ("_waiting", "given")

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[bool], None] = {}
        self.given = 0
        """How many were let in and have not sent yet."""

    @property
    def are_over(self) -> bool:
        """Whether nobody waits, nor has a place to use."""
        return not self._waiting and not self.given

    async def wait(self, loop: asyncio.AbstractEventLoop, until_s: float) -> bool:
        """True with a place, to be used before anything is awaited; False at `until_s`, or where there will be none."""
        turn: asyncio.Future[bool] = loop.create_future()
        self._waiting[turn] = None
        deadline = loop.call_at(until_s, _end, turn)
        try:
            return await turn
        finally:
            deadline.cancel()
            self._waiting.pop(turn, None)
            if turn.done() and not turn.cancelled() and turn.result():
                self.given -= 1

    def let_in(self, places: int) -> None:
        """Give so many places to those who have waited longest."""
        while places > 0 and self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                self.given += 1
                places -= 1
                turn.set_result(True)

    def end(self) -> None:
        """Nobody waits any longer: there will be no place."""
        waiting, self._waiting = self._waiting, {}
        for turn in waiting:
            _end(turn)


def _end(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)
