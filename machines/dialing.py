"""Turning a dial: which rules hold, where they want it, and how far one turn may go."""

from __future__ import annotations

import enum
from decimal import Decimal

import msgspec

from config.dials import PERCENT_MAX, DialPolicy
from config.instants import SECOND, Instant


class Rule(enum.Enum):
    """What moves a dial away from its level's share, in the order in which one beats the next."""

    ACCURACY = "accuracy"
    LOW_MARGIN = "low_margin"
    GROWTH = "growth"
    HIGH_MARGIN = "high_margin"


class DialFigures(msgspec.Struct, frozen=True):
    """What is measured. None is unknown: no rule begins on it, and none that holds lets go."""

    level: int
    growth: Decimal | None = None
    """1.00 is twice the month before."""
    margin: Decimal | None = None
    accuracy: Decimal | None = None


class DialPosition(msgspec.Struct, frozen=True):
    """Where the dial stands, and which rules hold."""

    share_percent: int
    turned_at: Instant
    holding: tuple[Rule, ...] = ()


class DialTurn(msgspec.Struct, frozen=True):
    """What a dial does now. `wished_percent` is where it is headed; `reasons` are sentences."""

    position: DialPosition
    wished_percent: int
    reasons: tuple[str, ...]
    turned: bool


def turn(policy: DialPolicy, figures: DialFigures, before: DialPosition | None, now: Instant) -> DialTurn:
    """Where the dial stands from now on; the first time it stands where it is wished at once."""
    holding = tuple(rule for rule in Rule if _holds(rule, policy, figures, before))
    wished, reasons = _wished(policy, figures, holding)
    if before is None:
        return DialTurn(DialPosition(wished, now, holding), wished, reasons, turned=True)
    share = before.share_percent
    if Rule.ACCURACY in holding:
        share = wished
    elif now - before.turned_at >= policy.turn_every_s * SECOND:
        share += max(-policy.step_max_percent, min(policy.step_max_percent, wished - share))
    else:
        waiting_s = policy.turn_every_s - (now - before.turned_at) // SECOND
        reasons = (*reasons, f"the next turn may come in {waiting_s} s") if share != wished else reasons
    turned = share != before.share_percent
    turned_at = now if turned else before.turned_at
    return DialTurn(DialPosition(share, turned_at, holding), wished, reasons, turned)


def _holds(rule: Rule, policy: DialPolicy, figures: DialFigures, before: DialPosition | None) -> bool:
    held = before is not None and rule in before.holding
    figure, threshold, above = {
        Rule.ACCURACY: (figures.accuracy, policy.accuracy_below, False),
        Rule.LOW_MARGIN: (figures.margin, policy.margin_below, False),
        Rule.GROWTH: (figures.growth, policy.growth_above, True),
        Rule.HIGH_MARGIN: (figures.margin, policy.margin_above, True),
    }[rule]
    if figure is None:
        return held
    slack = policy.hysteresis if held else Decimal(0)
    return figure > threshold - slack if above else figure < threshold + slack


def _wished(policy: DialPolicy, figures: DialFigures, holding: tuple[Rule, ...]) -> tuple[int, tuple[str, ...]]:
    shares = policy.share_percent_by_level
    base = shares[min(figures.level, len(shares) - 1)]
    reasons = [f"level {figures.level} asks for {base} % self-hosted"]
    if Rule.ACCURACY in holding:
        reasons.append(f"the accuracy is below {policy.accuracy_below}: everything goes to the API")
        return 0, tuple(reasons)
    if Rule.LOW_MARGIN in holding:
        reasons.append(f"the margin is below {policy.margin_below}: {policy.shift_percent} % more self-hosted")
        return min(PERCENT_MAX, base + policy.shift_percent), tuple(reasons)
    if Rule.GROWTH in holding:
        reasons.append(f"the growth is above {policy.growth_above}: {policy.shift_percent} % more to the API")
    elif Rule.HIGH_MARGIN in holding:
        reasons.append(f"the margin is above {policy.margin_above}: {policy.shift_percent} % more to the API")
    else:
        return base, tuple(reasons)
    return max(0, base - policy.shift_percent), tuple(reasons)
