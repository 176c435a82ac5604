"""What was spent: the committed cost of the daemon's components, accrued by the rule of a backtest."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import msgspec

from config.calendar import calendar_of
from config.instants import Instant
from config.money import divided_half_even
from config.plan import Plan


class Totals(msgspec.Struct, frozen=True):
    """Micros over all closed months."""

    cost_micros: int
    cost_always_on_micros: int

    @property
    def saved_micros(self) -> int:
        """What was not spent."""
        return self.cost_always_on_micros - self.cost_micros


class Account:
    """Accrues cost per second, as a share of its calendar month, and counts what a summary tells."""

    def __init__(self, plan: Plan) -> None:
        self.transitions = 0
        """Moves of components from one lifecycle state to another."""
        self.months_per_level: Counter[int] = Counter()
        self._plan = plan
        self._calendar = calendar_of(plan.timezone)
        self._cost = Fraction(0)
        self._months = 0

    def accrue(self, committed_micros: int, start: Instant, end: Instant) -> None:
        """The monthly cost of what stood from `start` to `end`, both within one calendar month."""
        month = self._calendar.month_of(start)
        length = self._calendar.end_of(month) - self._calendar.start_of(month)
        self._cost += Fraction(committed_micros * (end - start), length)

    def closed(self, level: int) -> None:
        """A month was lived through, and its close decided on this level."""
        self._months += 1
        self.months_per_level[level] += 1

    def totals(self) -> Totals:
        """What was spent so far, and what the top level throughout would have cost."""
        components = self._plan.components
        always_on = sum(components[each].monthly_cost_micros or 0 for each in self._plan.levels[-1].components)
        cost = divided_half_even(self._cost.numerator, self._cost.denominator)
        return Totals(cost, always_on * self._months)
