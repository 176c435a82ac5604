"""A plan: ordered levels, what each needs, what each enables, and what that costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from config.instants import Instant
from config.policies import Policies
from config.triggers import Trigger, minimum_micros


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    """One piece of infrastructure. Costs are micros of the plan's currency for one calendar month."""

    id: str
    monthly_cost_micros: int | None
    """The full price while HOT; None is an unknown price, which blocks activation."""
    provisioner: str
    warm_cost_micros: int = 0
    requires: tuple[str, ...] = ()
    """Components that must be HOT before this one rises, and that fall only after it."""
    stateful: bool = False
    """Rests WARM where no level enables it, and is never destroyed without an explicit order."""
    host: bool = False
    """The machine that solvent runs on: accounted, never actuated."""
    options: dict[str, Any] = {}
    """What the provisioner needs to know; its own schema checks it."""
    provider: str = ""
    """The failure domain whose breaker gates it, such as `aws/eu-central-1`; "" where that is the kind itself."""
    standby_for: str = ""
    """The primary for which it stands by: it rests WARM where a level enables it, and rises while that one is down."""
    note: str = ""
    price_source: str = ""
    """Where its costs were looked up, in the words of whoever wrote the plan; "" where nobody said."""
    price_as_of: date | None = None
    """When they were looked up."""

    @property
    def failure_domain(self) -> str:
        """What fails together: the provider it names, else its kind of provisioner."""
        return self.provider or self.provisioner


class Level(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of the plan. `components` is complete: what a level carries over is listed again."""

    index: int
    id: str
    name: str
    components: tuple[str, ...]
    max_burn_micros: int
    trigger: Trigger | None = None
    """None only for level 0, the floor."""
    hold: Trigger | None = None
    """While it holds, the level waits."""

    @property
    def minimum_micros(self) -> int | None:
        """The least measure at which it can be eligible; None for the floor."""
        return None if self.trigger is None else minimum_micros(self.trigger)


class Rate(msgspec.Struct, frozen=True):
    """One unit of `currency` is worth `rate` units of the plan's currency from `since` on."""

    currency: str
    since: Instant
    rate: Decimal


class UnitEconomics(msgspec.Struct, frozen=True):
    """What one sale earns, for break-even: profit per unit = `value_micros` x `margin`."""

    unit: str
    value_micros: int
    margin: Decimal


class CostRules(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far prices and bills may stand from what the plan says."""

    tolerance_percent: Decimal = Decimal(20)
    """A bill farther from what was accrued raises an alarm. List prices miss discounts and tax, and a month's usage
    swings; at 20 % a ratio of 0.75 still stays below the limit of 0.90."""
    difference_min_micros: int = 1_000_000
    """A smaller difference never does: the first days of a month differ by cents."""
    outlier_factor: int = 5
    """A figure this many times larger or smaller is refused: prices were seen wrong by factors of 30 to 1,000."""
    price_age_max_days: int = 180
    """An older price is warned of; providers change theirs about once a year."""


DEFAULT_COST_RULES: Final = CostRules()
"""The one instance that stands for the defaults: a plan's JSON leaves out this very object and no equal one."""


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A validated plan. Levels are ordered by `index`, components keyed by id in file order.

    Defaults are left out of its JSON, so that a key which solvent learns later does not change the fingerprint of a
    plan that does not use it.
    """

    id: str
    name: str
    currency: str
    timezone: str
    components: dict[str, Component]
    levels: tuple[Level, ...]
    policies: Policies = Policies()
    rates: tuple[Rate, ...] = ()
    unit_economics: UnitEconomics | None = None
    residency: tuple[str, ...] = ()
    """What the name of every region that a component names must begin with, `eu-` for instance; () allows any."""
    costs: CostRules = DEFAULT_COST_RULES
    checklist: dict[str, str] = {}
    """What operators attest, with a text for people, by the id that triggers name."""

    def level_cost_micros(self, index: int) -> int | None:
        """The monthly cost of all that the level enables; None where one price is unknown."""
        total = 0
        for component_id in self.levels[index].components:
            cost = self.components[component_id].monthly_cost_micros
            if cost is None:
                return None
            total += cost
        return total

    @property
    def floor_components(self) -> tuple[str, ...]:
        """The components of level 0: always on, exempt from the ratio."""
        return self.levels[0].components
