"""Where components may stand, and what stands by for what, is checked when a plan is loaded."""

from __future__ import annotations

import pytest

from config.loading import plan_from_text
from tests.config.plan_text import lines_of

PLAN = """\
plan: shop
currency: EUR
residency: [eu-]
components:
  database: {monthly_cost: 10, provisioner: simulated, provider: cloud/eu-central-1}
  spare: {monthly_cost: 10, warm_cost: 2, provisioner: simulated, provider: cloud/eu-west-1, standby_for: database}
levels:
  - {id: floor, max_burn: 40, components: [database, spare]}
"""


def test_a_standby_names_its_primary() -> None:
    """The loaded plan knows what stands by for what, where the data may stand, and what fails together."""
    plan = plan_from_text(PLAN, "shop.yaml")

    assert ("database", ("eu-",)) == (plan.components["spare"].standby_for, plan.residency)
    assert plan.components["spare"].failure_domain == "cloud/eu-west-1"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "standby_for: database",
            "standby_for: databse",
            "the id of a component of this plan, found 'databse' (did you",
        ),
        ("standby_for: database", "standby_for: spare", "a primary that is neither a host nor a stand-by itself"),
        ("provider: cloud/eu-west-1", "provider: cloud/eu-central-1", "another failure domain than that of database"),
        ("[database, spare]", "[spare]", "every level that enables spare to enable its primary too"),
        ("cloud/eu-west-1", "Cloud", "a failure domain such as aws/eu-central-1"),
        ("[eu-]", "[EU]", "the beginning of a region's name such as eu-"),
    ],
)
def test_a_mistake_is_named(old: str, new: str, expected: str) -> None:
    """Each mistake is one problem that says what was expected."""
    (line,) = lines_of(PLAN.replace(old, new, 1))

    assert expected in line
