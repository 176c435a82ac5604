"""Where the dials stand, folded from their turns."""

from __future__ import annotations

from typing import Final

import msgspec

from machines import events
from machines.dialing import DialPosition
from machines.events import StepOutcome
from machines.lifecycle_states import ComponentState


class DialStand(msgspec.Struct, frozen=True):
    """One dial: what the application reads, and what the next turn is judged by."""

    position: DialPosition
    wished_percent: int
    reasons: tuple[str, ...] = ()


OF_DIALS: Final[frozenset[type]] = frozenset({events.DialTurned, events.StepEnded})
"""The events that `fold_dial_event` folds."""


def fold_dial_event(dials: dict[str, DialStand], event: events.Event) -> None:
    """A turn moves a dial; one that was decommissioned is forgotten, and begins anew. Any other event is ignored.

    One that drifted to COLD is not: a Redis that lost its data must not free the dial of its bounded steps.
    """
    match event:
        case events.DialTurned():
            position = DialPosition(event.share_percent, event.turned_at, event.holding)
            dials[event.component] = DialStand(position, event.wished_percent, event.reasons)
        case events.StepEnded() if event.outcome is StepOutcome.DONE and event.to_state is ComponentState.COLD:
            dials.pop(event.component, None)
        case _:
            pass
