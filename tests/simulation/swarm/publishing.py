"""What is published, watched entry by entry as it is appended: before anything can erase the stream it stands in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from daemon.publication.entries import EVENTS, REPLIES, sequence_of
from machines.events import CommandAnswered
from machines.invariants import Finding
from machines.ports.streams import Entry, Outgoing

if TYPE_CHECKING:
    from tests.simulation.swarm.swarm_world import SwarmWorld


class Publishing:
    """Holds each entry of the streams `events` and `replies` against the journal (I9, I7), whoever published it.

    A stream goes on behind its newest entry. One that lost its entries begins again, at or before what it had shown.
    """

    def __init__(self, world: SwarmWorld) -> None:
        self._world = world
        self._highest = {EVENTS: 0, REPLIES: 0}
        """The newest event that each stream ever showed."""
        self._answers: list[int] = []
        """The events that are replies, as far as the journal was read."""
        self._looked = 0
        self._replies: dict[tuple[str, str], int] = {}
        """By command: the event that its reply shows."""

    def attempted(self, stream: str, newest: Entry | None, entries: Sequence[Outgoing], *, appended: bool) -> None:
        """Entries are being appended to a stream whose newest entry is this one; it took them all, or none."""
        if stream not in self._highest or not entries:
            return
        if not appended:
            first, has = entries[0].id, newest.id if newest is not None else "nothing any more"
            self._find("I9", f"{stream} was offered {first} again, it has {has}", sequence_of(first))
            return
        at = sequence_of(newest.id) if newest is not None else None
        for entry in entries:
            at = self._follows(stream, at, entry)
            if stream == EVENTS:
                self._of_event(entry, at)
            else:
                self._of_reply(entry, at)

    def _follows(self, stream: str, before: int | None, entry: Outgoing) -> int:
        """Neither a hole nor a double before this entry; the number of its event."""
        at = sequence_of(entry.id)
        first = self._next(stream, self._highest[stream] if before is None else before)
        if at > first or (before is not None and at != first):
            self._find("I9", f"{stream} shows event {at} where {first} follows", at)
        self._highest[stream] = max(at, self._highest[stream])
        return at

    def _next(self, stream: str, before: int) -> int:
        """The event that a stream shows next."""
        if stream == EVENTS:
            return before + 1
        self._look()
        following = bisect_right(self._answers, before)
        return self._answers[following] if following < len(self._answers) else before + 1

    def _look(self) -> None:
        """Find the replies among the events that came since the last look."""
        events = self._world.store.events
        name = CommandAnswered.__name__
        self._answers += [each.sequence for each in events[self._looked :] if each.encoded.name == name]
        self._looked = len(events)

    def _of_event(self, entry: Outgoing, at: int) -> None:
        fields, events = entry.fields, self._world.store.events
        if at > len(events):
            self._find("I9", f"event {at} is published and is not durable", at)
            return
        stored = events[at - 1]
        data = stored.encoded.data if isinstance(stored.encoded.data, str) else stored.encoded.data.decode()
        cause = "" if stored.cause is None else str(stored.cause)
        kept = (str(at), stored.encoded.name, data, stored.actor, cause)
        times = (str(stored.recorded_at), str(stored.effective_at))
        shown = tuple(fields[name] for name in ("sequence", "type", "data", "actor", "cause"))
        if shown != kept or (fields["recorded_micros"], fields["effective_micros"]) != times:
            self._find("I9", f"event {at} is published as {shown[:2]}", at)

    def _of_reply(self, entry: Outgoing, at: int) -> None:
        """One reply a command, and what the journal answered."""
        fields, world = entry.fields, self._world
        command = fields["stream"], fields["id"]
        place = bisect_left(self._answers, at)
        if place == len(self._answers) or self._answers[place] != at:
            self._find("I7", f"{command} has a reply that event {at} does not give", at)
            return
        answered = world.store.events[at - 1].recorded().event
        assert isinstance(answered, CommandAnswered)
        if (answered.stream, answered.entry_id, answered.outcome) != (*command, fields["outcome"]):
            self._find("I7", f"{command} is answered {fields['outcome']}, the journal says {answered.outcome}", at)
        if self._replies.setdefault(command, at) != at:
            self._find("I7", f"{command} has two replies, events {self._replies[command]} and {at}", at)
        if command not in world.commands:
            self._find("I7", f"{command} has a reply and was never sent", at)

    def _find(self, invariant: str, text: str, sequence: int) -> None:
        self._world.findings.append(Finding(invariant, text, sequence))
