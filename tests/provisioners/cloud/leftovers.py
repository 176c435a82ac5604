"""Everything that stands at AWS and in the cluster, whoever made it: what a fall to level 0 leaves shows here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from adapters.provisioners.kubernetes.objects import path_of
from config.provisioner_options.kubernetes_manifests import API_VERSIONS
from tests.provisioners.aws.moto_place import REGION
from tests.provisioners.cloud.places import Places
from tests.provisioners.cloud.standing import NAMESPACES, TEE_REGION

_ALIVE: Final = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
_LISTS: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("s3", "list_buckets", "Buckets.Name", {}),
    ("cloudfront", "list_distributions", "DistributionList.Items.Comment", {}),
    ("cloudfront", "list_origin_access_controls", "OriginAccessControlList.Items.Name", {}),
    ("eks", "list_clusters", "clusters", {}),
    ("ecr", "describe_repositories", "repositories.repositoryName", {}),
    ("elbv2", "describe_load_balancers", "LoadBalancers.LoadBalancerName", {}),
    ("elbv2", "describe_target_groups", "TargetGroups.TargetGroupName", {}),
    ("wafv2", "list_web_acls", "WebACLs.Name", {"Scope": "REGIONAL"}),
    ("rds", "describe_db_instances", "DBInstances.DBInstanceIdentifier", {}),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups.DBParameterGroupName", {}),
    ("rds", "describe_db_snapshots", "DBSnapshots.DBSnapshotIdentifier", {}),
    ("elasticache", "describe_replication_groups", "ReplicationGroups.ReplicationGroupId", {}),
    ("elasticache", "describe_snapshots", "Snapshots.SnapshotName", {}),
    ("elasticache", "describe_users", "Users.UserId", {}),
)
_MACHINES: Final[tuple[tuple[str, str, str, dict[str, Any]], ...]] = (
    ("ec2", "describe_instances", "Reservations.Instances.InstanceId", {"Filters": _ALIVE}),
    ("ec2", "describe_volumes", "Volumes.VolumeId", {}),
    ("ec2", "describe_snapshots", "Snapshots.SnapshotId", {}),
    ("ec2", "describe_security_groups", "SecurityGroups.GroupId", {}),
    ("ec2", "describe_launch_templates", "LaunchTemplates.LaunchTemplateId", {}),
)
"""Service, operation, where in its answer the names are, and what to ask with. Listeners go with their balancer."""

_OWN: Final = {"default", "kube-root-ca.crt", "default.postgres"}
"""What a cluster makes in every namespace by itself, and AWS with the first database."""


def everything(places: Places) -> set[str]:
    """Each as `service list name`, or `cluster namespace kind name`."""
    return {*_aws(places), *_cluster(places)}


def _aws(places: Places) -> Iterator[str]:
    asked = [(REGION, each) for each in _LISTS + _MACHINES] + [(TEE_REGION, each) for each in _MACHINES]
    for region, (service, operation, path, query) in asked:
        answer = getattr(places.client(service, region), operation)(**query)
        names = set(_at(path.split("."), [answer])) - _OWN
        yield from (f"{service} {operation.partition('_')[2]} {name}" for name in names)


def _at(path: list[str], within: Iterable[Any]) -> Iterator[Any]:
    for key in path:
        values = [each[key] for each in within if key in each]
        within = [item for value in values for item in (value if isinstance(value, list) else [value])]
    yield from within


def _cluster(places: Places) -> Iterator[str]:
    for namespace in NAMESPACES.values():
        for kind, api_versions in API_VERSIONS.items():
            for api_version in api_versions:
                status, body = places.cluster.backend("GET", path_of(api_version, kind, namespace), {}, "", None)
                names = {each["metadata"]["name"] for each in (body["items"] if status == 200 else [])}
                yield from (f"cluster {namespace} {kind} {name}" for name in names - _OWN)
