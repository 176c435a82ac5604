"""A command as typed values: which fields it has, how they are read, and what judging one answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from config.instants import SECOND, Instant
from machines.events import Event

TEXT_CHARACTERS_MAX: Final = 500
"""The longest reason; operators write sentences, not pages."""
_TTL = re.compile(r"(\d{1,9})(s|m|h|d)", re.ASCII)
_TTL_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class CommandError(Exception):
    """A command that is refused; the message names the field and says what was expected."""


class Command(msgspec.Struct, frozen=True):
    """One entry of a command stream. `principal` follows from the stream's name; `by` is only a note."""

    verb: str
    principal: str
    entry_id: str
    fields: Mapping[str, str]

    def required(self, name: str, expected: str) -> str:
        """The text of a field; raises `CommandError` when it is missing or empty."""
        text = self.fields.get(name, "")
        if not text:
            raise CommandError(f"{name}: missing; expected {expected}")
        return text

    @property
    def reason(self) -> str:
        """The operator's reason; empty where none was given."""
        return self.fields.get("reason", "")

    def until(self, now: Instant, ttl_max_s: int) -> Instant | None:
        """When `ttl` runs out; None where none was given. Raises `CommandError` for one that cannot be read."""
        text = self.fields.get("ttl")
        if text is None:
            return None
        matched = _TTL.fullmatch(text)
        if matched is None or int(matched[1]) == 0:
            raise CommandError(f"ttl: expected a duration such as 90s, 15m, 2h or 7d, found {text[:40]!r}")
        seconds = int(matched[1]) * _TTL_UNIT_S[matched[2]]
        if seconds > ttl_max_s:
            raise CommandError(f"ttl: expected at most {ttl_max_s} s, found {text}")
        return now + seconds * SECOND


class Judged(msgspec.Struct, frozen=True):
    """What a command comes to: its answer, and the events that carry it out, durable together with the answer."""

    outcome: str
    """`done` or `pending`."""
    reason: str
    events: tuple[Event, ...] = ()
    resume_actor: str = ""
    """An actor or root task to be resumed once the events are durable."""
    trust_clock: bool = False


def done(reason: str, *events: Event) -> Judged:
    """The command is carried out by these events."""
    return Judged("done", reason, events)
