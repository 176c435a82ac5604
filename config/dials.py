"""A dial: a number under policy, such as the share of requests that self-hosted models serve.

The figures of the defaults are those of the NEXA roadmap (its phases' ML strategies, "When to switch from self-hosted
to API?", and the accuracy trigger of its risks).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

PERCENT_MAX: Final = 100


class DialPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a dial is turned. Shares are whole percent of requests served self-hosted; the rest goes to an API."""

    share_percent_by_level: tuple[int, ...] = (100, 80, 95)
    """The share at level 0, 1, 2 and so on; the last stands for all levels above."""
    growth_above: Decimal = Decimal("1.00")
    """Monthly growth beyond which own machines cannot be added fast enough: more goes to the API."""
    margin_above: Decimal = Decimal("0.70")
    """A margin that affords variable cost: more goes to the API."""
    margin_below: Decimal = Decimal("0.50")
    """A margin that must save: more is self-hosted. It beats the two rules above, for they spend."""
    accuracy_below: Decimal = Decimal("0.80")
    """Below it the self-hosted models serve nobody: everything goes to the API at once."""
    accuracy_age_max_s: int = 86_400
    """An older measurement says nothing: a day, as models are tested once a night."""
    shift_percent: int = 20
    """How far one of the rules moves the level's share."""
    hysteresis: Decimal = Decimal("0.05")
    """A rule that holds lets go only when its figure is this far back on the other side."""
    step_max_percent: int = 10
    """The furthest that one turn goes, the fall-back excepted."""
    turn_every_s: int = 86_400
    """The least time between two turns, the fall-back excepted: a day, as traffic has a daily shape."""
    providers: tuple[str, ...] = ()
    """The APIs in the order in which the application falls back from one to the next."""
