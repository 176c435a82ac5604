"""What is said of one outage: each thing that it turns out to be once, however often the words around it change."""

from __future__ import annotations


def meaning_of(reason: str) -> str:
    """The sentence without the server's own words, which stand in brackets behind it."""
    return reason.partition(" (")[0]


class AwayWords:
    """A server that is killed first refuses, then loads: both help, and neither is said at every attempt."""

    __slots__ = ("_before", "_said")

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._before = ""
        self._said: set[str] = set()

    def is_news(self, reason: str) -> bool:
        """Whether to say this: the first reason at once, another one when it has come twice running."""
        meaning = meaning_of(reason)
        again, self._before = meaning == self._before, meaning
        if meaning in self._said or (self._said and not again):
            return False
        self._said.add(meaning)
        return True

    def forget(self) -> None:
        """The outage is over."""
        self._before = ""
        self._said.clear()
