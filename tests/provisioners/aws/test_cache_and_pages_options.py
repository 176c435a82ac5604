"""The options of `aws_elasticache` and `aws_cloudfront`, as a plan states them."""

from __future__ import annotations

import pytest

from config.loading import plan_from_text
from config.provisioner_options.aws_cloudfront import cloudfront_options
from config.provisioner_options.aws_elasticache import elasticache_options
from tests.config.plan_text import changed, problems_of

SIMULATED = "    provisioner: simulated\n    options: {warm_s: 2, faults: {warm: [transient, 3]}}\n"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1f2e"


def with_options(kind: str, text: str) -> str:
    """The small plan, its database moved by this kind."""
    return changed(SIMULATED, f"    provisioner: {kind}\n    options: {{region: eu-central-1, {text}}}\n")


def test_a_cache_is_read() -> None:
    """What the plan does not say is encrypted, a single node, without backups; the region is the failure domain."""
    text = "node_type: cache.t4g.small, engine_version: 8.0, security_groups: [sg-01234567]"
    component = plan_from_text(with_options("aws_elasticache", text), "plan.yaml").components["database"]

    options = elasticache_options(component.options)

    assert (options.engine, options.engine_version, options.security_groups) == ("valkey", "8.0", ("sg-01234567",))
    assert (options.encryption_in_transit, options.encryption_at_rest) == (True, True)
    assert (options.replicas, options.shards, options.snapshot_retention_days) == (0, 1, 0)
    assert component.provider == "aws/eu-central-1"


def test_pages_are_read() -> None:
    """Aliases with their certificate, and what the plan does not say."""
    text = f"aliases: [www.example.com, '*.example.org'], certificate_arn: '{CERTIFICATE}'"
    component = plan_from_text(with_options("aws_cloudfront", text), "plan.yaml").components["database"]

    options = cloudfront_options(component.options)

    assert (options.aliases, options.certificate_arn) == (("www.example.com", "*.example.org"), CERTIFICATE)
    assert (options.price_class, options.default_root_object) == ("PriceClass_100", "index.html")
    assert component.provider == "aws/eu-central-1"


@pytest.mark.parametrize(
    ("kind", "text", "key", "expected"),
    [
        ("aws_elasticache", "engine: redis", "node_type", "a node type such as cache.t4g.micro"),
        ("aws_elasticache", "node_type: t4g.micro", "node_type", "a node type such as cache.t4g.micro"),
        ("aws_elasticache", "node_type: cache.t4g.micro, engine: memcached", "engine", "redis or valkey"),
        ("aws_elasticache", "node_type: cache.t4g.micro, replicas: 6", "replicas", "from 0 to 5"),
        ("aws_elasticache", "node_type: cache.t4g.micro, shards: 2", "shards", "engine_version or parameter_group"),
        ("aws_elasticache", "node_type: cache.t4g.micro, snapshots_kept: 0", "snapshots_kept", "from 1 to 20"),
        ("aws_elasticache", "node_type: cache.t4g.micro, security_groups: [web]", "security_groups", "sg-"),
        ("aws_cloudfront", "bucket: My_Bucket", "bucket", "a bucket's name"),
        ("aws_cloudfront", "aliases: [www.example.com]", "aliases", "certificate_arn beside aliases"),
        ("aws_cloudfront", "price_class: cheap", "price_class", "PriceClass_100"),
        (
            "aws_cloudfront",
            "certificate_arn: 'arn:aws:acm:eu-central-1:123456789012:certificate/1f2e'",
            "certificate_arn",
            "in us-east-1",
        ),
        (
            "aws_cloudfront",
            "web_acl_arn: 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1f2e'",
            "web_acl_arn",
            "the scope CLOUDFRONT",
        ),
    ],
)
def test_a_mistake_is_named(kind: str, text: str, key: str, expected: str) -> None:
    """Each where it stands, with what was expected."""
    (problem,) = problems_of(with_options(kind, text))

    assert f"components.database.options.{key}" in problem.text
    assert expected in problem.text
