"""The journal of a daemon as its file shows it, read beside the running daemon or after its end."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from adapters.journal_rows.meta import meta
from adapters.journal_rows.reading import stored_events
from adapters.sqlite_journal import JOURNAL_NAME
from adapters.sqlite_journal.schema import connect
from adapters.sqlite_journal.verification import verify
from machines.events import CountedPayment, Event, LevelDecided, PaymentsRecorded, Recorded
from machines.moving import wanted_states
from machines.state.whole import State, fold

Kind = TypeVar("Kind", bound=Event)


class JournalFile:
    """Reads what is durable; keeps nothing open between two looks."""

    def __init__(self, state_directory: Path) -> None:
        """The file need not exist yet."""
        self.path = state_directory / JOURNAL_NAME

    def recorded(self, after: int = 0) -> list[Recorded]:
        """All events after a sequence number."""
        if not self.path.exists():
            return []
        connection = connect(self.path, 10_000, read_only=True)
        try:
            return [row.recorded() for row in stored_events(connection, after)]
        finally:
            connection.close()

    def events(self, kind: type[Kind], after: int = 0) -> list[Kind]:
        """All events of one kind."""
        return [each.event for each in self.recorded(after) if isinstance(each.event, kind)]

    def last_sequence(self) -> int:
        """The number of the newest event; 0 where there is none."""
        return max((each.sequence for each in self.recorded()), default=0)

    def state(self) -> State:
        """The fold of all events."""
        state = State()
        for each in self.recorded():
            fold(state, each)
        return state

    def identity(self) -> str:
        """The journal's id."""
        connection = connect(self.path, 10_000, read_only=True)
        try:
            return str(meta(connection, "journal_id"))
        finally:
            connection.close()

    def counted(self) -> list[CountedPayment]:
        """Every payment as often as it was counted."""
        return [payment for event in self.events(PaymentsRecorded) for payment in event.counted]

    def decided(self) -> int | None:
        """The level of the newest decision; None before the first."""
        decisions = self.events(LevelDecided)
        return decisions[-1].decision.level if decisions else None

    def is_whole(self) -> bool:
        """Whether numbers and hashes hold from the first event to the last."""
        return verify(self.path) is None

    def at_rest(self) -> bool:
        """Whether every component stands where the decision wants it and no intent is open."""
        state = self.state()
        if state.plan is None:
            return False
        return all(
            state.plan.components[each].host
            or (state.components.of(each).state is wanted and state.components.of(each).idle)
            for each, wanted in wanted_states(state.plan, state).items()
        )
