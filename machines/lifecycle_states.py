"""The six states of a component and the four steps between them."""

from __future__ import annotations

import enum


class ComponentState(enum.Enum):
    """Where a component stands (ARCHITECTURE 9)."""

    COLD = "COLD"
    WARMING = "WARMING"
    WARM = "WARM"
    ACTIVATING = "ACTIVATING"
    HOT = "HOT"
    DEACTIVATING = "DEACTIVATING"


class Step(enum.Enum):
    """One call to a provisioner."""

    WARM = "warm"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    DECOMMISSION = "decommission"


RAISING = frozenset({Step.WARM, Step.ACTIVATE})
"""The steps that cost more than before: they need a permit and a closed breaker."""
SETTLED = frozenset({ComponentState.COLD, ComponentState.WARM, ComponentState.HOT})
