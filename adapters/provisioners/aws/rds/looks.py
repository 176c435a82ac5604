"""What one look at RDS shows, in the words of the port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.rds.anchor import SNAPSHOT, TYPE, Anchor
from adapters.provisioners.aws.rds.differences import differences, hints
from adapters.provisioners.aws.rds.statuses import (
    BROKEN,
    SERVING,
    STOPPED,
    is_settled,
    look_after_s,
    state_of,
    status_of,
    tags_on,
)
from adapters.provisioners.aws.recipe import Standing
from config.provisioner_options.aws_rds import RdsOptions
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

INSTANCE: Final = "db"
"""As ARNs name an instance."""


def refuse_other_resources(resource: Resource) -> None:
    """Raises `Permanent` where the ARN to adopt is that of a cluster, a snapshot or another service."""
    if not resource.name.startswith("arn:"):
        return
    arn = arn_of(resource.name)
    if arn.service != "rds" or arn.type not in (INSTANCE, TYPE):
        raise Permanent(
            f"{resource.plan}/{resource.component} is to adopt {resource.name}, which is no DB instance: adopt the ARN "
            "of one (…:db:<name>)"
        )


def refuse_bound_instances(instance: Mapping[str, Any]) -> None:
    """Raises `Permanent` for what cannot be stopped, snapshotted and restored for itself."""
    name = instance.get("DBInstanceIdentifier")
    if cluster := instance.get("DBClusterIdentifier"):
        raise Permanent(f"{name} belongs to the cluster {cluster}, which aws_rds does not manage: take a DB instance")
    if source := instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        raise Permanent(f"{name} is a read replica of {source}, which aws_rds does not manage: promote it first")


def standing_of_instance(options: RdsOptions, instance: Mapping[str, Any]) -> Standing:
    """An instance, whatever `warm` says: an option that was changed does not change what stands."""
    state = state_of(instance)
    compares = state is ResourceState.HOT and bool(options.instance_class)
    seen = Observation(
        state,
        (tags_on(instance).get(tags.TOKEN, ""),),
        detail=_detail(options, instance),
        differences=tuple(each.sentence for each in differences(options, instance)) if compares else (),
        look_after_s=look_after_s(status_of(instance)) if state is ResourceState.CHANGING else None,
    )
    return Standing(seen, str(instance["DBInstanceArn"]), instance)


def standing_of_anchor(anchor: Anchor) -> Standing:
    """No instance: what is left is billed for its snapshots only."""
    named = anchor.tags.get(SNAPSHOT, "")
    detail = f"no instance, its data is the snapshot {named}" if named else "no instance"
    return Standing(Observation(ResourceState.WARM, (anchor.tags.get(tags.TOKEN, ""),), detail=detail), anchor.arn)


def _detail(options: RdsOptions, instance: Mapping[str, Any]) -> str:
    status = status_of(instance)
    sentences = [f"the instance is {status or 'of no known status'}"]
    if status in BROKEN:
        sentences.append(BROKEN[status])
    if status in SERVING or status == STOPPED:
        if not is_settled(instance):
            sentences.append("a step is half-way")
        if status == STOPPED and (starts_at := instance.get("AutomaticRestartTime")):
            sentences.append(f"AWS starts it by itself at {starts_at:%Y-%m-%dT%H:%M:%SZ}")
        if options.instance_class:
            sentences.extend(hints(options, instance))
    endpoint = instance.get("Endpoint") or {}
    if status in SERVING and endpoint.get("Address"):
        sentences.append(f"at {endpoint['Address']}:{endpoint.get('Port')}")
    return "; ".join(sentences)
