"""How the options of an instance, a load balancer and a web ACL at AWS are read."""

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
  edge: {monthly_cost: 5, provisioner: KIND, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [edge]}
"""
EC2 = "image: ami-0123456789abcdef0, instance_type: m6a.large"
BALANCER = "region: eu-west-1, vpc: vpc-0123abcd, subnets: [subnet-0123abcd, subnet-4567abcd], target_port: 8080"
CERTIFICATE = "certificate_arn: 'arn:aws:acm:eu-west-1:123456789012:certificate/1'"
PROTECTED = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/1"


def component(kind: str, options: str) -> Component:
    """The component of a plan with these options."""
    text = PLAN.replace("KIND", kind).replace("OPTIONS", options)
    return plan_from_bytes(text.encode(), "shop.yaml").components["edge"]


def test_an_instance_is_encrypted_and_not_confidential_by_default() -> None:
    """What is not written stands as it is safe and as it is sold."""
    options = component("aws_ec2", f"region: eu-central-1, {EC2}").options

    assert (True, "none", 0) == (options["encrypted"], options["confidential"], options["volume_gb"])


@pytest.mark.parametrize("region", ["us-east-2", "eu-west-1"])
def test_a_confidential_instance_where_aws_offers_it(region: str) -> None:
    """The two regions of AMD SEV-SNP are accepted."""
    assert component("aws_ec2", f"region: {region}, {EC2}, confidential: sev-snp").provider == f"aws/{region}"


def test_https_redirects_by_default() -> None:
    """With HTTPS the port is 443 and port 80 leads there."""
    options = component("aws_load_balancer", f"{BALANCER}, protocol: HTTPS, {CERTIFICATE}").options

    assert (443, True) == (options["port"], options["redirect_http"])


def test_http_redirects_nothing() -> None:
    """Without HTTPS the port is 80."""
    options = component("aws_load_balancer", BALANCER).options

    assert (80, False, "ip", "/") == tuple(
        options[key] for key in ("port", "redirect_http", "target_type", "health_check_path")
    )


def test_a_web_acl_allows_by_default() -> None:
    """Rules and limit are what a plan writes, and nothing else."""
    options = component("aws_waf", f"region: eu-west-1, resources: ['{PROTECTED}']").options

    assert ("REGIONAL", "allow", [], 0) == tuple(
        options[key] for key in ("scope", "default_action", "managed_rules", "rate_limit_per_5min")
    )


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("aws_ec2", "region: eu-west-1, instance_type: m6a.large", "image: expected the id of an image"),
        ("aws_ec2", f"region: eu-central-1, {EC2}, confidential: sev-snp", "us-east-2 or eu-west-1, where AWS offers"),
        (
            "aws_ec2",
            "region: eu-west-1, image: ami-0123456789abcdef0, instance_type: m7i.large, confidential: sev-snp",
            "an instance type of m6a, c6a, r6a, which have sev-snp",
        ),
        ("aws_ec2", f"region: eu-west-1, {EC2}, confidential: tdx", "sev-snp or none"),
        ("aws_load_balancer", BALANCER.replace(", subnet-4567abcd", ""), "2 to 20 subnets"),
        ("aws_load_balancer", f"{BALANCER}, protocol: HTTPS", "the ARN of a certificate, which HTTPS needs"),
        ("aws_load_balancer", f"{BALANCER}, {CERTIFICATE}", "no certificate with protocol HTTP"),
        ("aws_load_balancer", f"{BALANCER}, redirect_http: true", "false with protocol HTTP"),
        ("aws_load_balancer", f"{BALANCER}, protocol: HTTPS, {CERTIFICATE}, port: 80", "another port than 80"),
        ("aws_load_balancer", f"{BALANCER}, scheme: public", "internet-facing or internal"),
        ("aws_waf", "region: eu-west-1", "expected at least one"),
        ("aws_waf", "region: eu-west-1, scope: CLOUDFRONT", "us-east-1, where AWS keeps what belongs to CLOUDFRONT"),
        (
            "aws_waf",
            f"region: us-east-1, scope: CLOUDFRONT, resources: ['{PROTECTED}']",
            "no resources with CLOUDFRONT",
        ),
        ("aws_waf", f"region: eu-west-1, resources: ['{PROTECTED}'], rate_limit_per_5min: 5", "at least 10 requests"),
        ("aws_waf", f"region: eu-west-1, resources: ['{PROTECTED}'], managed_rules: [Common]", "a rule group of AWS"),
        ("aws_waf", f"region: eu-west-1, resources: ['{PROTECTED}'], scope: GLOBAL", "REGIONAL or CLOUDFRONT"),
    ],
)
def test_a_mistake_is_named(kind: str, options: str, said: str) -> None:
    """The message says what was expected."""
    with pytest.raises(PlanError) as refused:
        component(kind, options)

    assert said in str(refused.value)
