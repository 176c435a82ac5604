"""A component that names several regions stands in each of them."""

from __future__ import annotations

import pytest

from config.loading import plan_from_text
from tests.config.plan_text import lines_of

PLAN = """\
plan: shop
currency: EUR
residency: [eu-]
components:
  images:
    monthly_cost: 10
    warm_cost: 2
    provisioner: aws_ecr
    regions: [eu-central-1, eu-west-1]
    options: {scan_on_push: true}
  mirror:
    monthly_cost: 1
    provisioner: aws_ecr
    regions: [eu-central-1, eu-west-1, eu-north-1]
    requires: [images]
  single: {monthly_cost: 3, provisioner: simulated, requires: [images]}
levels:
  - {id: floor, max_burn: 26, monthly_cost: 26, components: [images, mirror, single]}
"""


def with_standby() -> str:
    """The plan, the further regions of its images standing by."""
    return PLAN.replace("    options: {scan", "    further_regions: standby\n    options: {scan")


def test_each_region_has_a_component_of_its_own() -> None:
    """The first keeps the id; all have the written options, price and a failure domain of their own."""
    components = plan_from_text(PLAN, "shop.yaml").components

    images, further = components["images"], components["images_eu_west_1"]
    assert ("eu-central-1", "eu-west-1") == (images.options["region"], further.options["region"])
    assert ("aws/eu-central-1", "aws/eu-west-1") == (images.failure_domain, further.failure_domain)
    assert images.options | {"region": ""} == further.options | {"region": ""}
    assert images.monthly_cost_micros == further.monthly_cost_micros == 10_000_000


def test_a_level_enables_all_regions_and_counts_them() -> None:
    """Both images, three mirrors and the single one: 26."""
    (level,) = plan_from_text(PLAN, "shop.yaml").levels

    assert level.components == (
        "images",
        "images_eu_west_1",
        "mirror",
        "mirror_eu_west_1",
        "mirror_eu_north_1",
        "single",
    )


def test_a_requirement_is_met_in_the_same_region() -> None:
    """Where what is required does not stand in that region, its first region meets it."""
    components = plan_from_text(PLAN, "shop.yaml").components

    assert ("images_eu_west_1",) == components["mirror_eu_west_1"].requires
    assert ("images",) == components["mirror_eu_north_1"].requires == components["single"].requires


def test_an_option_means_the_component_of_its_region() -> None:
    """`component/front` of the web ACL in the second region is the load balancer of the second region."""
    text = PLAN.replace(
        "  single:",
        "  front: {monthly_cost: 0, provisioner: simulated}\n"
        "  walls:\n"
        "    monthly_cost: 0\n"
        "    provisioner: aws_waf\n"
        "    regions: [eu-central-1, eu-west-1]\n"
        "    options: {resources: [component/images, component/front]}\n"
        "  single:",
    )
    components = plan_from_text(text, "shop.yaml").components

    assert ["component/images", "component/front"] == components["walls"].options["resources"]
    assert ["component/images_eu_west_1", "component/front"] == components["walls_eu_west_1"].options["resources"]


def test_further_regions_stand_by() -> None:
    """With `further_regions: standby` each of them stands by for the first, at its warm cost."""
    components = plan_from_text(with_standby(), "shop.yaml").components

    assert ("", "images") == (components["images"].standby_for, components["images_eu_west_1"].standby_for)
    assert 2_000_000 == components["images_eu_west_1"].warm_cost_micros


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[eu-central-1, eu-west-1]\n    options", "[]\n    options", "expected 1 to 16 regions, found 0"),
        ("[eu-central-1, eu-west-1]\n    options", "[eu-central-1, eu-centrl]\n    options", "an AWS region such as"),
        (
            "[eu-central-1, eu-west-1]\n    options",
            "[eu-west-1, us-east-1]\n    options",
            "begins with eu-, as the plan",
        ),
        ("options: {scan", "options: {region: eu-west-1, scan", "either regions of the component or region in its"),
        ("options: {scan", "further_regions: passive\n    options: {scan", "active (all serve) or standby"),
        ("    regions: [eu-central-1, eu-west-1]\n", "    further_regions: standby\n", "regions beside it"),
        ("  single:", "  images_eu_west_1:", "no component that is called as this one is in that region"),
        ("provisioner: aws_ecr\n    regions", "provisioner: simulated\n    regions", "the unknown key 'region'"),
    ],
)
def test_a_mistake_is_named_at_its_line(old: str, new: str, expected: str) -> None:
    """A mistake in the regions is said where it was written."""
    lines = lines_of(PLAN.replace(old, new, 1))

    assert any(expected in line for line in lines), lines
    assert not any("unknown key 'regions'" in line for line in lines)


def test_a_name_that_grows_too_long_is_refused() -> None:
    """The id and the region share 64 characters."""
    long = "i" * 60
    lines = lines_of(PLAN.replace("images:", f"{long}:", 1).replace("[images", f"[{long}"))

    assert any("an id that leaves room for the region, 64 characters together" in line for line in lines), lines
