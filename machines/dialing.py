"""Turning a dial: which rules hold, where they want it, and how far one turn may go."""

from __future__ import annotations

import enum
from decimal import Decimal
from typing import Final

import msgspec

from config.dials import PERCENT_MAX, DialPolicy
from config.instants import SECOND, Instant, instant_text


class Rule(enum.Enum):
    """What moves a dial away from its level's share, in the order in which one beats the next."""

    ACCURACY = "accuracy"
    LOW_MARGIN = "low_margin"
    GROWTH = "growth"
    HIGH_MARGIN = "high_margin"


_NAMES: Final = {
    Rule.ACCURACY: "accuracy",
    Rule.LOW_MARGIN: "margin",
    Rule.GROWTH: "growth",
    Rule.HIGH_MARGIN: "margin",
}


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
        free_at = before.turned_at + policy.turn_every_s * SECOND
        reasons = (*reasons, f"the next turn may come at {instant_text(free_at)}") if share != wished else reasons
    turned = share != before.share_percent
    turned_at = now if turned else before.turned_at
    return DialTurn(DialPosition(share, turned_at, holding), wished, reasons, turned)


def _holds(rule: Rule, policy: DialPolicy, figures: DialFigures, before: DialPosition | None) -> bool:
    held = before is not None and rule in before.holding
    figure, threshold, above = _measured(rule, policy, figures)
    if figure is None:
        return held
    slack = policy.hysteresis if held else Decimal(0)
    return figure > threshold - slack if above else figure < threshold + slack


def _measured(rule: Rule, policy: DialPolicy, figures: DialFigures) -> tuple[Decimal | None, Decimal, bool]:
    """The rule's figure, its threshold, and whether it holds above that."""
    return {
        Rule.ACCURACY: (figures.accuracy, policy.accuracy_below, False),
        Rule.LOW_MARGIN: (figures.margin, policy.margin_below, False),
        Rule.GROWTH: (figures.growth, policy.growth_above, True),
        Rule.HIGH_MARGIN: (figures.margin, policy.margin_above, True),
    }[rule]


def _wished(policy: DialPolicy, figures: DialFigures, holding: tuple[Rule, ...]) -> tuple[int, tuple[str, ...]]:
    shares = policy.share_percent_by_level
    base, shift = shares[min(figures.level, len(shares) - 1)], policy.shift_percent
    reasons = [f"level {figures.level} asks for {base} % self-hosted"]
    if not holding:
        return base, tuple(reasons)
    rule = holding[0]
    why = _because(rule, policy, figures)
    if rule is Rule.ACCURACY:
        return 0, (*reasons, f"{why}: everything goes to the API")
    if rule is Rule.LOW_MARGIN:
        return min(PERCENT_MAX, base + shift), (*reasons, f"{why}: {shift} % more self-hosted")
    return max(0, base - shift), (*reasons, f"{why}: {shift} % more to the API")


def _because(rule: Rule, policy: DialPolicy, figures: DialFigures) -> str:
    """Why a rule holds: by its figure, by its hysteresis, or because nobody knows better."""
    figure, threshold, above = _measured(rule, policy, figures)
    name, side = _NAMES[rule], "above" if above else "below"
    if figure is None:
        return f"the {name}, unknown now, was {side} {threshold}"
    if figure > threshold if above else figure < threshold:
        return f"the {name} of {figure} is {side} {threshold}"
    back = threshold - policy.hysteresis if above else threshold + policy.hysteresis
    return f"the {name} of {figure} was {side} {threshold} and counts as such until {back}"
