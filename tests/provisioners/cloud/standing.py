"""What really stands in all places, by their own words and past solvent: component to HOT or WARM, absent left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.provisioners.aws.tags import COMPONENT, STATE, mapped
from tests.provisioners.cloud.places import Places

TEE_REGION: Final = "eu-west-1"
NAMESPACES: Final = {"vault_ha": "vault", "advanced_monitoring": "monitoring"}
BUDGETS: Final = ("hume_ai_budget", "dat_iq_integration", "carrier_escrow_full", "gdpr_compliance_suite")
STAND_IN: Final = "-od"
"""How the name of the node group ends that stands in for one of spot machines."""
Found = tuple[str, str, bool]
"""A component's id, which part of it was found, and whether that part serves."""


def standing(places: Places, instance: str) -> dict[str, str]:
    """Every component of which anything stands. No part of one may stand twice."""
    found: dict[str, bool] = {}
    parts: Counter[tuple[str, str]] = Counter()
    for source in (_eks, _databases, _caches, _images, _balancers, _sites, _walls, _machines, _cluster):
        for component, part, serves in source(places):
            found[component] = found.get(component, False) or serves
            parts[component, part] += 1
    twice = [part for part, count in parts.items() if count > 1]
    assert not twice, f"more than one stands of {twice}"
    for component in BUDGETS:
        if fields := places.budget(instance, component):
            found[component] = fields["state"] == "on"
    unit = places.systemd.units["ollama.service"]
    if unit.active_state == "active" or "solvent" in unit.description:
        found["ollama_cpu"] = unit.active_state == "active"
    for container in places.docker.read()["containers"].values():
        found["sqlite_local"] = container["status"] == "running"
    return {component: "HOT" if serves else "WARM" for component, serves in sorted(found.items())}


def snapshots(places: Places, component: str) -> set[str]:
    """The snapshots of a database that AWS keeps."""
    rds = places.client("rds").describe_db_snapshots()["DBSnapshots"]
    own = [each for each in rds if mapped(each.get("TagList", [])).get(COMPONENT) == component]
    return {each["DBSnapshotIdentifier"] for each in own if each["Status"] == "available"}


def _eks(places: Places) -> Iterator[Found]:
    eks = places.client("eks")
    for name in eks.list_clusters()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        yield cluster["tags"][COMPONENT], "cluster", cluster["tags"][STATE] == "hot"
        for group_name in eks.list_nodegroups(clusterName=name)["nodegroups"]:
            group = eks.describe_nodegroup(clusterName=name, nodegroupName=group_name)["nodegroup"]
            part = "stand-in group" if group_name.endswith(STAND_IN) else "node group"
            yield group["tags"][COMPONENT], part, group["scalingConfig"]["desiredSize"] > 0


def _databases(places: Places) -> Iterator[Found]:
    rds = places.client("rds")
    for each in rds.describe_db_instances()["DBInstances"]:
        yield mapped(each["TagList"])[COMPONENT], "database", each["DBInstanceStatus"] == "available"
    for each in rds.describe_db_parameter_groups()["DBParameterGroups"]:
        on_it = mapped(rds.list_tags_for_resource(ResourceName=each["DBParameterGroupArn"])["TagList"])
        if COMPONENT in on_it:
            yield on_it[COMPONENT], "parameter group", False


def _caches(places: Places) -> Iterator[Found]:
    cache = places.client("elasticache")
    for each in cache.describe_replication_groups()["ReplicationGroups"]:
        on_it = mapped(cache.list_tags_for_resource(ResourceName=each["ARN"])["TagList"])
        yield on_it[COMPONENT], "cache", each["Status"] == "available"
    for each in cache.describe_users()["Users"]:
        on_it = mapped(cache.list_tags_for_resource(ResourceName=each["ARN"])["TagList"])
        if COMPONENT in on_it:
            yield on_it[COMPONENT], "user", False


def _images(places: Places) -> Iterator[Found]:
    ecr = places.client("ecr")
    for each in ecr.describe_repositories()["repositories"]:
        on_it = mapped(ecr.list_tags_for_resource(resourceArn=each["repositoryArn"])["tags"])
        yield on_it[COMPONENT], "repository", on_it[STATE] == "hot"


def _balancers(places: Places) -> Iterator[Found]:
    elbv2 = places.client("elbv2")
    balancers = [each["LoadBalancerArn"] for each in elbv2.describe_load_balancers()["LoadBalancers"]]
    groups = [each["TargetGroupArn"] for each in elbv2.describe_target_groups()["TargetGroups"]]
    if arns := balancers + groups:
        for each in elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]:
            part = "load balancer" if each["ResourceArn"] in balancers else "target group"
            yield mapped(each["Tags"])[COMPONENT], part, part == "load balancer"


def _sites(places: Places) -> Iterator[Found]:
    cloudfront = places.client("cloudfront")
    for each in cloudfront.list_distributions()["DistributionList"].get("Items", []):
        on_it = mapped(cloudfront.list_tags_for_resource(Resource=each["ARN"])["Tags"]["Items"])
        yield on_it[COMPONENT], "distribution", each["Enabled"]


def _walls(places: Places) -> Iterator[Found]:
    wafv2 = places.client("wafv2")
    balancers = [each["LoadBalancerArn"] for each in places.client("elbv2").describe_load_balancers()["LoadBalancers"]]
    protectors = [wafv2.get_web_acl_for_resource(ResourceArn=arn).get("WebACL", {}).get("ARN") for arn in balancers]
    for each in wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]:
        on_it = mapped(wafv2.list_tags_for_resource(ResourceARN=each["ARN"])["TagInfoForResource"]["TagList"])
        yield on_it[COMPONENT], "web ACL", each["ARN"] in protectors


def _machines(places: Places) -> Iterator[Found]:
    for reservation in places.client("ec2", TEE_REGION).describe_instances()["Reservations"]:
        for each in reservation["Instances"]:
            on_it: Mapping[str, str] = mapped(each.get("Tags", []))
            if COMPONENT in on_it and each["State"]["Name"] != "terminated":
                yield on_it[COMPONENT], "machine", each["State"]["Name"] == "running"


def _cluster(places: Places) -> Iterator[Found]:
    for component, namespace in NAMESPACES.items():
        workloads: list[dict[str, Any]] = []
        for kind in ("deployments", "statefulsets"):
            workloads += places.objects(kind, namespace)
        if workloads:
            yield component, "workloads", all(_ready(each) for each in workloads)


def _ready(workload: Mapping[str, Any]) -> bool:
    wished = workload["spec"]["replicas"]
    return wished > 0 and (workload.get("status") or {}).get("readyReplicas", 0) == wished
