"""How the options of a systemd component are read."""

from __future__ import annotations

import pytest

from config.errors import PlanError
from config.loading import plan_from_bytes

PLAN = """\
plan: shop
currency: EUR
timezone: Europe/Rome
components:
  web: {monthly_cost: 5, provisioner: systemd, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [web]}
"""


def test_defaults_stand_beside_the_unit() -> None:
    """A unit alone is on the system bus and keeps its own limits."""
    plan = plan_from_bytes(PLAN.replace("OPTIONS", "unit: web@1.service").encode(), "shop.yaml", (), None)

    assert plan.components["web"].options == {
        "unit": "web@1.service",
        "bus": "system",
        "memory_max_mib": None,
        "cpu_quota_percent": None,
        "call_limit_s": 30,
    }


@pytest.mark.parametrize("options", ["bus: user", "unit: web", "unit: a.service, bus: nonsense"])
def test_what_cannot_be_is_refused(options: str) -> None:
    """No unit, a name without its ending, and a bus that is none are problems of the plan."""
    with pytest.raises(PlanError):
        plan_from_bytes(PLAN.replace("OPTIONS", options).encode(), "shop.yaml", (), None)
