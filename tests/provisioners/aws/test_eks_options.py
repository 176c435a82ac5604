"""How the options of clusters and node groups at Amazon EKS are read."""

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
  workers: {monthly_cost: 5, provisioner: KIND, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [workers]}
"""
ROLE = "role_arn: 'arn:aws:iam::123456789012:role/eks'"
CLUSTER = f"region: eu-central-1, {ROLE}, subnets: [subnet-1, subnet-2]"
GROUP = f"region: eu-central-1, {ROLE}, subnets: [subnet-1], cluster: shop, instance_types: [m6i.large], nodes: 3"


def component(kind: str, options: str) -> Component:
    """The component of a plan with these options."""
    text = PLAN.replace("KIND", kind).replace("OPTIONS", options)
    return plan_from_bytes(text.encode(), "shop.yaml").components["workers"]


def test_a_cluster_is_read_with_its_defaults_written_out() -> None:
    """A public endpoint, EKS's own version and security group, and nothing upgraded."""
    assert component("aws_eks_cluster", CLUSTER).options == {
        "region": "eu-central-1",
        "role_arn": "arn:aws:iam::123456789012:role/eks",
        "subnets": ["subnet-1", "subnet-2"],
        "version": "",
        "upgrade": False,
        "security_groups": [],
        "endpoint_public": True,
        "endpoint_private": False,
        "tags": {},
    }


def test_a_node_group_is_read_with_its_defaults_written_out() -> None:
    """Spot with a way back after ten minutes, and a return after six hours."""
    options = component("aws_eks_node_group", GROUP).options

    expected = {"capacity": "spot_then_on_demand", "fallback_after_s": 600, "return_to_spot_after_s": 21_600}
    assert {**expected, "nodes": 3, "nodes_max": 3, "disk_gb": 20}.items() <= options.items()


def test_labels_and_taints_are_read() -> None:
    """Labels as a mapping, taints as kubectl writes them."""
    options = component("aws_eks_node_group", f"{GROUP}, labels: {{tier: web}}, taints: ['spot:NoSchedule']").options

    assert ({"tier": "web"}, ["spot:NoSchedule"]) == (options["labels"], options["taints"])


def test_a_region_is_a_failure_domain() -> None:
    """Components of one region fail together."""
    assert component("aws_eks_node_group", GROUP).provider == "aws/eu-central-1"


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("aws_eks_cluster", CLUSTER.replace(", subnet-2", ""), "subnets: expected 2 to 16 of them"),
        ("aws_eks_cluster", CLUSTER.replace("role/eks", "user/eks"), "role_arn: expected the ARN of a role"),
        ("aws_eks_cluster", f"{CLUSTER}, version: '2.0'", "version: expected a version of Kubernetes"),
        ("aws_eks_cluster", f"{CLUSTER}, upgrade: true", "upgrade: expected version beside it"),
        ("aws_eks_cluster", f"{CLUSTER}, endpoint_public: false", "endpoint_private: expected true"),
        ("aws_eks_cluster", f"{CLUSTER}, security_groups: [default]", "a security group's id such as"),
        ("aws_eks_node_group", GROUP.replace("nodes: 3", "nodes: 0"), "nodes: expected a whole number of nodes"),
        ("aws_eks_node_group", f"{GROUP}, nodes_max: 2", "nodes_max: expected a whole number of nodes from 3"),
        ("aws_eks_node_group", GROUP.replace("[m6i.large]", "[]"), "instance_types: expected 1 to 20"),
        ("aws_eks_node_group", f"{GROUP}, capacity: spots", "capacity: expected spot, on_demand or"),
        ("aws_eks_node_group", f"{GROUP}, fallback_after_s: 5", "fallback_after_s: expected a whole number"),
        ("aws_eks_node_group", f"{GROUP}, taints: [web]", "a taint such as dedicated=web:NoSchedule"),
        ("aws_eks_node_group", f"{GROUP}, labels: {{'a b': c}}", "a label's key"),
        (
            "aws_eks_node_group",
            f"{GROUP}, capacity: spot, return_to_spot_after_s: 3600",
            "return_to_spot_after_s: expected capacity: spot_then_on_demand beside it",
        ),
    ],
)
def test_a_mistake_is_named(kind: str, options: str, said: str) -> None:
    """Each mistake with its key and what was expected."""
    with pytest.raises(PlanError) as refused:
        component(kind, options)

    assert said in str(refused.value)
