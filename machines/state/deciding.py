"""What was decided, and what of it may be acted upon, folded from the decisions."""

from __future__ import annotations

import msgspec

from config.instants import Instant
from machines import events
from machines.deciding.decision import after
from machines.deciding.facts import DecidedState, Decision, Direction

FLOOR = 0
"""Level 0: always on."""


class Deciding(msgspec.Struct):
    """The decided level, the released one, and the newest decision with its explanation."""

    decided: DecidedState = DecidedState()
    released_level: int = FLOOR
    """The decided level, unless it waits for approval. What is moved towards is `State.target_level`."""
    decision: Decision | None = None
    sequence: int | None = None
    """The event that recorded the newest decision: the cause of the steps that follow it."""
    raised_at: dict[int, Instant] = {}
    """When the newest decision that raised to each level was recorded, for `scaling_activation_timestamp`."""


def fold_decided(deciding: Deciding, event: events.LevelDecided, sequence: int, at: Instant, *, waits: bool) -> None:
    """Fold a decision recorded at `at`; `waits` says that the move needs an operator's approval first."""
    decision = event.decision
    if decision.direction is Direction.UP:
        deciding.raised_at[decision.level] = at
    deciding.decided = after(decision, deciding.decided)
    deciding.decision = decision
    deciding.sequence = sequence
    if not waits:
        deciding.released_level = decision.level


def fold_level_approved(deciding: Deciding, level: int) -> None:
    """The approved level is acted upon."""
    deciding.released_level = level


def fold_level_refused(deciding: Deciding) -> None:
    """A denied or expired approval takes the decision back: the next close judges anew."""
    deciding.decided = msgspec.structs.replace(deciding.decided, level=deciding.released_level, partial=())
