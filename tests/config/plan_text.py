"""A small plan in which every key stands once, for tests to damage."""

from __future__ import annotations

from config.errors import PlanError, Problem
from config.loading import plan_from_text

PLAN = """\
plan: shop
name: The shop
currency: EUR
timezone: Europe/Rome
policies:
  revenue: {measure: calendar_month, net: yes}
  safety:
    ratio_max: 0.90
    hard_ratio: off
rates:
  - {currency: USD, since: 2024-01-01, rate: 0.92}
unit_economics: {unit: order, value: 10.10, margin: 0.3}
components:
  server: {monthly_cost: 5.05, host: true}
  database:
    monthly_cost: 10.10
    warm_cost: 2
    stateful: true
    provisioner: simulated
    options: {warm_s: 2, faults: {warm: [transient, 3]}}
  worker:
    monthly_cost: 0.1
    requires: [database]
    provisioner: command
    options:
      observe: [./switch, observe]
      warm: [./switch, warm]
      activate: [./switch, activate]
      deactivate: [./switch, deactivate]
      decommission: [./switch, decommission]
levels:
  - id: floor
    max_burn: 10
    components: [server]
  - id: paid
    trigger: {metric: revenue, at_least: 50.50, for_months: 2}
    hold: {any: [{metric: revenue, below: 20}, {all: [{metric: revenue, at_most: 10}]}]}
    max_burn: 40
    monthly_cost: 15.25
    includes: [floor]
    components: [database, worker]
"""


def changed(old: str, new: str) -> str:
    """The plan with one piece of its text replaced; the piece must be there exactly once."""
    assert 1 == PLAN.count(old)
    return PLAN.replace(old, new)


def problems_of(text: str, *overrides: str) -> tuple[Problem, ...]:
    """What is wrong with a plan; nothing where it loads."""
    try:
        plan_from_text(text, "shop.yaml", overrides)
    except PlanError as error:
        return error.problems
    return ()


def lines_of(text: str, *overrides: str) -> list[str]:
    """The problems as texts."""
    return [problem.text for problem in problems_of(text, *overrides)]
