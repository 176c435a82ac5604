"""Reading along in the journal what a running daemon makes of an import."""

from __future__ import annotations

from typing import Final

import msgspec

from machines.events import EntryRejected, Recorded
from machines.ports.journal import Journal
from machines.ports.streams import START
from machines.state.revenue import Counters
from machines.state.whole import State, fold

PAYMENTS: Final = "payments"
REJECTIONS_SHOWN_ITEMS_MAX: Final = 20


class Follower:
    """The state as the journal has it, folded on from look to look."""

    def __init__(self, journal: Journal, state: State) -> None:
        """`state` is that of the journal before anything was sent; it is folded on in place."""
        self._journal = journal
        self._before: Counters = msgspec.structs.replace(state.revenue.counters)
        self.level_before = state.deciding.decided.level
        """What was decided before anything was sent."""
        self.state = state
        self.rejections: list[EntryRejected] = []
        """The first entries that the daemon rejected since."""

    @property
    def taken_through(self) -> str:
        """The position of the daemon in its stream of payments."""
        return self.state.cursors.get(PAYMENTS, START)

    @property
    def taken(self) -> Counters:
        """What the daemon made of the entries since this follower began."""
        now, before = self.state.revenue.counters, self._before
        return Counters(
            **{name: getattr(now, name) - getattr(before, name) for name in Counters.__struct_fields__},
        )

    async def look(self) -> None:
        """Fold what was recorded since the last look; raises what reading the journal raises."""
        async for recorded in self._journal.read(after=self.state.sequence):
            fold(self.state, recorded)
            self._note(recorded)

    @property
    def decided(self) -> bool:
        """Whether every closed month was judged, or nothing is judged now because decisions are frozen."""
        closed_through = self.state.revenue.book.closed_through
        judged_through = self.state.deciding.decided.decided_through
        up_to_date = closed_through is None or (judged_through is not None and judged_through >= closed_through)
        return up_to_date or self.state.frozen is not None

    def _note(self, recorded: Recorded) -> None:
        event = recorded.event
        listed = len(self.rejections) < REJECTIONS_SHOWN_ITEMS_MAX
        if listed and isinstance(event, EntryRejected) and event.stream == PAYMENTS:
            self.rejections.append(event)
