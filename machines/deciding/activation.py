"""Going up: which levels are eligible, which are blocked and by how much, and how far one close may rise."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from config.calendar import Month
from config.money import amount_text
from config.plan import Plan
from config.policies import Advance, CostBasis
from machines.deciding.conditions import Progress
from machines.deciding.debounce import History, debounce, held
from machines.deciding.facts import Blocked
from machines.deciding.ratio import Measured, above, basis_cost_micros, fails, missing_micros, tested_measures


class Assessment(msgspec.Struct, frozen=True):
    """One level above the floor at one close."""

    level: int
    progress: Progress
    tested: tuple[Measured, ...]
    """What the ratio policy asks, in micros: the months of the debounce met so far, at least the newest."""
    current: int
    """The measure of the close itself, which the hard ratio asks."""
    ratio_holds: bool
    held: bool
    priced: bool
    missing_micros: int

    @property
    def eligible(self) -> bool:
        """Debounce met, every item attested, ratio holds, no hold."""
        return self.progress.satisfied and self.priced and self.ratio_holds and not self.held

    @property
    def blocked(self) -> bool:
        """Debounce met, and something else is in the way."""
        return self.progress.months_stand and not self.eligible

    @property
    def only_ratio_blocks(self) -> bool:
        """Whether nothing but the ratio is in the way (`activation.partial`)."""
        return self.progress.satisfied and self.priced and not self.held and not self.ratio_holds


def assess(plan: Plan, history: History, debounce_from: Month | None) -> tuple[Assessment, ...]:
    """Every level above the floor, in order."""
    assessed = []
    for level in plan.levels[1:]:
        met = debounce(level, history, debounce_from)
        tested = tested_measures(plan, history, met.months_met)
        assessed.append(
            Assessment(
                level=level.index,
                progress=met,
                tested=tested,
                current=history.current,
                ratio_holds=not fails(plan, level.index, tested, history.current),
                held=held(level, history),
                priced=plan.level_cost_micros(level.index) is not None,
                missing_micros=missing_micros(plan, level.index, tested, history.current),
            )
        )
    return tuple(assessed)


def chosen_level(plan: Plan, assessed: Sequence[Assessment], level: int) -> int:
    """The level after activation: `jump` to the highest eligible one, `step` to the next if it is (RESOLUTIONS 7)."""
    higher = [each.level for each in assessed if each.eligible and each.level > level]
    if plan.policies.activation.advance is Advance.STEP:
        return level + 1 if level + 1 in higher else level
    return max(higher, default=level)


def blocked_of(plan: Plan, assessed: Sequence[Assessment]) -> tuple[Blocked, ...]:
    """The blocked levels with their reasons; only the ratio has a missing amount."""
    return tuple(
        Blocked(each.level, block_reason(plan, each), each.missing_micros if each.only_ratio_blocks else 0)
        for each in assessed
        if each.blocked
    )


def block_reason(plan: Plan, assessment: Assessment) -> str:
    """What is in the way of a level whose debounce is met, as a person would say it."""
    if assessment.progress.unattested:
        return f"not attested: {', '.join(assessment.progress.unattested)}"
    if not assessment.priced:
        components = plan.levels[assessment.level].components
        unknown = [each for each in components if plan.components[each].monthly_cost_micros is None]
        return f"unknown price of {', '.join(unknown)}"
    if assessment.held:
        return "the level's hold condition asks to wait"
    safety, lowest = plan.policies.safety, min(assessment.tested)
    cost = basis_cost_micros(plan, assessment.level) or 0
    if above(cost, lowest, safety.ratio_max):
        basis = "max burn" if safety.cost_basis is CostBasis.MAX_BURN else "cost"
        return f"{basis} {amount_text(cost)} is above ratio {safety.ratio_max} of {measured_text(lowest)}"
    monthly = plan.level_cost_micros(assessment.level) or 0
    return f"cost {amount_text(monthly)} is above hard ratio {safety.hard_ratio} of {amount_text(assessment.current)}"


def measured_text(measure: Measured) -> str:
    """A measure with its decimals; a mean is rounded down to the micro."""
    return amount_text(int(measure // 1))
