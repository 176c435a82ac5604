"""A small plan of five levels in which everything stands once that a large one has: host, stateful, requires, warm."""

from __future__ import annotations

from typing import Final

from config.loading import plan_from_text
from config.plan import Plan

LADDER: Final = """\
plan: ladder
currency: EUR
timezone: UTC
components:
  machine: {monthly_cost: 10, host: true}
  notes: {monthly_cost: 0, stateful: true, provisioner: simulated}
  cluster:
    monthly_cost: 20
    warm_cost: 5
    provisioner: simulated
    options: {warm_s: 2, activate_s: 1, faults: {begins: true}}
  database: {monthly_cost: 30, warm_cost: 2, stateful: true, provisioner: simulated}
  gateway: {monthly_cost: 10, requires: [cluster], provisioner: simulated}
  workers:
    monthly_cost: 60
    requires: [cluster]
    provisioner: simulated
    options: {activate_s: 8, deactivate_s: 2, decommission_s: 7, faults: {begins: true}}
  vault: {monthly_cost: 230, warm_cost: 5, stateful: true, requires: [cluster], provisioner: simulated}
  fleet:
    monthly_cost: 400
    requires: [workers]
    provisioner: simulated
    options: {warm_s: 1}
levels:
  - {id: floor, max_burn: 60, monthly_cost: 10, components: [machine, notes]}
  - id: one
    trigger: {metric: revenue, at_least: 100, for_months: 1}
    max_burn: 200
    monthly_cost: 60
    components: [cluster, database, gateway]
  - id: two
    trigger: {metric: revenue, at_least: 300, for_months: 2}
    max_burn: 400
    monthly_cost: 120
    includes: [one]
    components: [workers]
  - id: three
    trigger: {metric: revenue, at_least: 600, for_months: 2}
    max_burn: 900
    monthly_cost: 350
    includes: [two]
    components: [vault]
  - id: four
    trigger: {metric: revenue, at_least: 1500, for_months: 2}
    max_burn: 5000
    monthly_cost: 750
    includes: [three]
    components: [fleet]
"""


def ladder(*overrides: str) -> Plan:
    """The plan, with `path=value` overrides."""
    return plan_from_text(LADDER, "ladder.yaml", overrides)
