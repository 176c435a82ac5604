"""The auditor: fed every event in order, it folds them and says at once what did not hold."""

from __future__ import annotations

from machines.events import Recorded, ResourceAdopted, StepIntended
from machines.invariants.breaking import steps_past_breakers
from machines.invariants.cap import steps_over_cap
from machines.invariants.counting import Counting
from machines.invariants.finding import Finding
from machines.invariants.folds import fold_differences
from machines.invariants.levels import Levels
from machines.invariants.ordering import MOVES, disorder, illegal_moves
from machines.state.whole import State, fold


class Auditor:
    """Checks I3 to I8 event by event; `state` is the fold so far, for I9.

    Its memory does not grow with the journal but for eight bytes a payment and the tokens of each component. The hash
    chain is not checked here: whoever stores the events verifies it.
    """

    def __init__(self) -> None:
        self.state = State()
        self.tokens: dict[str, set[str]] = {}
        """The tokens under which each component was ever intended or adopted (I1)."""
        self._previous: Recorded | None = None
        self._counting = Counting()
        self._levels = Levels()

    @property
    def payments_counted(self) -> int:
        """How many different payments were counted."""
        return len(self._counting.payments)

    def feed(self, recorded: Recorded) -> list[Finding]:
        """Check the next event against everything before it, then fold it."""
        state = self.state
        event = recorded.event
        found = disorder(self._previous, recorded, after=state.sequence)
        if type(event) in MOVES:  # most events are none: asking each rule about each of them is most of an audit
            found += illegal_moves(state, recorded)
            found += steps_over_cap(state, recorded)
            found += steps_past_breakers(state, recorded)
            if isinstance(event, StepIntended | ResourceAdopted):
                self.tokens.setdefault(event.component, set()).add(event.token)
        found += self._counting.check(recorded)
        found += self._levels.check(state, recorded)
        fold(state, recorded)
        self._previous = recorded
        return found

    def compare(self, kept: State) -> list[Finding]:
        """I9: hold the fold against the state that the daemon keeps, at the same event."""
        return fold_differences(self.state, kept)
