"""A month's budget as a key in Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.provisioners.budget.fields import observation_from, options_from, wished
from adapters.provisioners.budget.scripts import RECORD_KEPT_MS, STEP
from adapters.redis_keys import KeyedKind
from machines.observations import Observation
from machines.ports.provisioner import Resource

BUDGETS: Final = KeyedKind("budget", "budgets")


class BudgetRecipe:
    """Off, every spend is refused; on, the application spends what is left of the month.

    What was spent stays counted, and a removed budget's month keeps its record, so that making it again does not
    refill it. Redis's own time decides the months.
    """

    keys = BUDGETS
    step_script = STEP
    step_arguments: tuple[str, ...] = (str(RECORD_KEPT_MS),)
    without_disk = "a restart forgets what was spent and would refill every budget"

    def observation(self, resource: Resource, fields: Mapping[str, str], now_ms: int) -> Observation:
        """A month that is over by Redis's time shows nothing spent."""
        return observation_from(resource, options_from(resource), fields, now_ms)

    def wished(self, resource: Resource, now_ms: int) -> dict[str, str]:
        """Budget, price, unit, and the months from that of `now_ms` on."""
        return wished(options_from(resource), now_ms)

    def cost_micros(self, resource: Resource) -> int:
        """All of the budget."""
        return options_from(resource).budget_micros
