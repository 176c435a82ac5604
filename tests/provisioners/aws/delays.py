"""What an emulator lacks: after a change, AWS shows for some looks that it is still at work."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import msgspec

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""
STATUS_IN_JSON: Final = r'("status": ?)"[A-Z_]+"'
"""The state of a resource in a JSON answer, for `Delay.pattern`; its replacement begins with `\\g<1>`."""


class Delay(msgspec.Struct, frozen=True):
    """After a change the next looks are shown with another status. Operations are those of `fault_proxy`."""

    change: str
    """A pattern of the whole operation that begins the work, such as `POST /clusters`."""
    look: str
    """A pattern of the whole operation that shows it."""
    pattern: str
    """What is replaced in the look's answer, each time it occurs."""
    replacement: str
    removes: bool = False
    """The change removes the resource, which the emulator forgets at once: the last answer of a look stands in."""


class Delays:
    """Rewrites answers. The caller sees to it that only one thread at a time asks."""

    def __init__(self, *delays: Delay, looks: int = 1) -> None:
        """`looks` is for how many looks after each change the work is still under way."""
        self.looks = looks
        self.shown: Counter[str] = Counter()
        """How many looks of each operation were shown a rewritten answer."""
        self._delays = delays
        self._left: dict[str, tuple[Delay, int]] = {}
        self._last_seen: dict[str, Answer] = {}

    def rewritten(self, operation: str, answer: Answer) -> Answer:
        """What the caller is to see instead of the emulator's answer."""
        status, headers, content = answer
        for delay in self._delays:
            if status < 300 and re.fullmatch(delay.change, operation) and self.looks:
                self._left[delay.look] = (delay, self.looks)
        for look, (delay, left) in list(self._left.items()):
            if left and re.fullmatch(look, operation) and not (delay.removes and status < 300):
                self._left[look] = (delay, left - 1)
                self.shown[operation] += 1
                status, headers, content = self._last_seen.get(operation, answer) if delay.removes else answer
                return status, headers, re.sub(delay.pattern, delay.replacement, content.decode()).encode()
        if status < 300 and any(re.fullmatch(delay.look, operation) for delay in self._delays):
            self._last_seen[operation] = answer
        return answer
