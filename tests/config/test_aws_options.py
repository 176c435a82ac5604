"""How the options of a component at AWS are read."""

from __future__ import annotations

import pytest

from config.errors import PlanError
from config.loading import plan_from_bytes
from config.plan import Component

PLAN = """\
plan: shop
currency: EUR
timezone: Europe/Rome
components:
  images: {monthly_cost: 5, provisioner: aws_ecr, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [images]}
"""


def component(options: str) -> Component:
    """The component of a plan with these options."""
    return plan_from_bytes(PLAN.replace("OPTIONS", options).encode(), "shop.yaml").components["images"]


def test_every_option_is_read() -> None:
    """Each option as it is written."""
    text = (
        "region: us-gov-west-1, keep_images: 5, expire_untagged_days: 7, scan_on_push: yes, immutable_tags: on, "
        "force_delete: true, tags: {team: web}"
    )

    assert component(text).options == {
        "region": "us-gov-west-1",
        "keep_images": 5,
        "expire_untagged_days": 7,
        "scan_on_push": True,
        "immutable_tags": True,
        "force_delete": True,
        "tags": {"team": "web"},
    }


def test_defaults_keep_everything() -> None:
    """Without options no image expires and none is deleted."""
    options = component("region: eu-central-1").options

    assert (0, 0, False) == (options["keep_images"], options["expire_untagged_days"], options["force_delete"])


def test_a_region_is_a_failure_domain() -> None:
    """Components of one region fail together."""
    assert component("region: eu-central-1").provider == "aws/eu-central-1"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("keep_images: 1", "region: expected an AWS region such as eu-central-1"),
        ("region: Frankfurt", "an AWS region such as eu-central-1"),
        ("region: eu-central-1a", "an AWS region such as eu-central-1"),
        ("region: eu-central-1, tags: {'aws:x': y}", "a tag of your own"),
        ("region: eu-central-1, tags: {'solvent:token': y}", "a tag of your own"),
        ("region: eu-central-1, tags: {'team!': y}", "a tag's key"),
        ("region: eu-central-1, keep_image: 5", "keep_images"),
    ],
)
def test_a_mistake_is_named(options: str, said: str) -> None:
    """The message says what was expected."""
    with pytest.raises(PlanError) as refused:
        component(options)

    assert said in str(refused.value)
