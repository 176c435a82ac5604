"""Every policy of a plan, with its default and the reason for it. The item numbers are those of RESOLUTIONS."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec


class Measure(enum.Enum):
    """Which figure of a closed month decides (3)."""

    CALENDAR_MONTH = "calendar_month"
    TRAILING_30D = "trailing_30d"


class Basis(enum.Enum):
    """Which payments count as revenue (12)."""

    ALL = "all"
    COMMITTED = "committed"


class CostBasis(enum.Enum):
    """The numerator of the ratio (1)."""

    MONTHLY_COST = "monthly_cost"
    MAX_BURN = "max_burn"


class RatioMonths(enum.Enum):
    """In which months the ratio must hold (5)."""

    EVERY = "every"
    CURRENT = "current"
    AVERAGE_3 = "average_3"


class RollbackAfter(enum.Enum):
    """When a measure below the level's minimum takes the level down (6)."""

    DEBOUNCE = "debounce"
    IMMEDIATE = "immediate"
    DAILY = "daily"


class Brake(enum.Enum):
    """When a ratio above the limit takes the level down (6)."""

    DEBOUNCE = "debounce"
    IMMEDIATE = "immediate"
    OFF = "off"


class RollbackTarget(enum.Enum):
    """Which lower level a rollback may choose (6)."""

    AFFORDABLE = "affordable"
    BAND = "band"


class Advance(enum.Enum):
    """How far one close may rise (7)."""

    JUMP = "jump"
    STEP = "step"


class Approval(enum.Enum):
    """Whether a decided move waits for an operator (ARCHITECTURE 7)."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class RevenuePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as revenue, and when a month is closed."""

    measure: Measure = Measure.CALENDAR_MONTH
    """A trailing window cannot decide where customers are billed on the 1st (3)."""
    basis: Basis = Basis.ALL
    net: bool = True
    """Refunds are subtracted, each on its own date (10)."""
    take_rate: Decimal = Decimal(1)
    """The share kept of gross merchandise value, 0 < rate <= 1 (13)."""
    close_delay_hours: int = 24
    """How long after its end a month without a watermark stays open for late payments."""
    fall_max: Decimal = Decimal("0.50")
    """A larger fall, 0 to 1, between two readings is implausible until a watermark confirms it."""
    silence_max_hours: int = 840
    """A live source silent for longer (35 days: more than one billing cycle) freezes decisions."""


class SafetyPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How cost is held against revenue."""

    ratio_max: Decimal = Decimal("0.90")
    """Blocked means strictly above (1)."""
    ratio_warn: Decimal = Decimal("0.80")
    cost_basis: CostBasis = CostBasis.MONTHLY_COST
    ratio_months: RatioMonths = RatioMonths.EVERY
    brake: Brake = Brake.DEBOUNCE
    hard_ratio: Decimal | None = Decimal("1.00")
    """Above it a level goes down at once; None is `off` (6)."""


class ActivationPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a level rises."""

    advance: Advance = Advance.JUMP
    partial: bool = False
    """Whether the affordable components of a level whose ratio fails may rise alone (20)."""
    approval: Approval = Approval.AUTOMATIC
    prewarm_confidence: Decimal | None = None
    """The share of required months at which the next level's components are warmed; None is `off` (16)."""


class RollbackPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a level falls."""

    after: RollbackAfter = RollbackAfter.DEBOUNCE
    target: RollbackTarget = RollbackTarget.AFFORDABLE
    hysteresis: Decimal = Decimal("0.05")
    """Below means `measure < minimum * (1 - hysteresis)` (6)."""
    approval: Approval = Approval.AUTOMATIC


class Policies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All policies of one plan. A policy key is `<group>.<field>`, as in `safety.ratio_max`."""

    revenue: RevenuePolicy = RevenuePolicy()
    safety: SafetyPolicy = SafetyPolicy()
    activation: ActivationPolicy = ActivationPolicy()
    rollback: RollbackPolicy = RollbackPolicy()
