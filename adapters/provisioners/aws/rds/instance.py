"""The calls that make, change and remove an instance."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer
from adapters.provisioners.aws.rds.snapshots import Snapshot
from adapters.provisioners.aws.rds.statuses import LEAVING, MAKING, PHASE, STOPPED, look_after_s, status_of
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_rds import RdsOptions
from machines.ports.faults import CallError, Permanent, Transient
from machines.ports.provisioner import StepBegun

ABSENT: Final = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
DELETING: Final = "deleting"
_STATE: Final = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")
_THERE: Final = ("DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault")


async def find(work: Work[RdsOptions]) -> Mapping[str, Any] | None:
    """The instance as `DescribeDBInstances` shows it; None where there is none."""
    answer = await work.aws.call_unless(ABSENT, "rds", "describe_db_instances", DBInstanceIdentifier=work.name)
    found: list[Mapping[str, Any]] = answer["DBInstances"] if answer is not None else []
    return found[0] if found else None


async def create(work: Work[RdsOptions]) -> Answer | None:
    """A new, empty one. None where somebody else took the name since the look."""
    options = work.options
    if not options.manage_password:
        raise Permanent(
            f"{work.name} is not there and nothing is to be restored, and with manage_password false nobody gives "
            "a new one a password: set it to true, or make the database and adopt it"
        )
    given: dict[str, Any] = {
        "Engine": options.engine.value,
        "EngineVersion": options.engine_version,
        "AllocatedStorage": options.storage_gb,
        "StorageEncrypted": options.encrypted,
        "MasterUsername": options.master_username,
        "ManageMasterUserPassword": True,
        "BackupRetentionPeriod": options.backup_retention_days,
    }
    if options.kms_key:
        given["KmsKeyId"] = options.kms_key
    if options.database_name:
        given["DBName"] = options.database_name
    return await work.aws.call_unless(_THERE, "rds", "create_db_instance", **_shared(work), **given)


async def restore(work: Work[RdsOptions], snapshot: Snapshot) -> Answer | None:
    """One with a snapshot's data. None where somebody else took the name since the look."""
    given: dict[str, Any] = {"DBSnapshotIdentifier": snapshot.name}
    if work.options.storage_gb > snapshot.storage_gb:
        given["AllocatedStorage"] = work.options.storage_gb
    return await work.aws.call_unless(_THERE, "rds", "restore_db_instance_from_db_snapshot", **_shared(work), **given)


async def modify(work: Work[RdsOptions], **parameters: Any) -> Answer:
    """Change it now, not in its next maintenance window."""
    return await work.aws.call(
        "rds", "modify_db_instance", DBInstanceIdentifier=work.name, ApplyImmediately=True, **parameters
    )


async def delete(work: Work[RdsOptions], instance: Mapping[str, Any], snapshot_name: str) -> StepBegun:
    """Delete it, after a last snapshot; without one where the name is "".

    Protection against deletion is lifted for this call only, and put back where AWS refuses it. What is stopped is
    started first where AWS insists on it.
    """
    before: dict[str, Any] = {}
    if instance.get("DeletionProtection"):
        before["DeletionProtection"] = False
    if snapshot_name and not instance.get("CopyTagsToSnapshot"):
        before["CopyTagsToSnapshot"] = True
    if before and not await _changed(work, instance, before):
        return await _woken(work, instance)
    final = {"FinalDBSnapshotIdentifier": snapshot_name} if snapshot_name else {}
    try:
        answer = await work.aws.call_unless(
            ABSENT,
            "rds",
            "delete_db_instance",
            DBInstanceIdentifier=work.name,
            SkipFinalSnapshot=not snapshot_name,
            **final,
        )
    except (Transient, Permanent):
        if instance.get("DeletionProtection"):
            with contextlib.suppress(CallError):  # a look shows it as a difference, and the refusal is what matters
                await modify(work, DeletionProtection=True)
        raise
    return begun(answer, DELETING)


async def _changed(work: Work[RdsOptions], instance: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """False where AWS refuses because the instance is stopped."""
    refused = _STATE if status_of(instance) == STOPPED else ()
    answer = await work.aws.call_unless(
        refused,
        "rds",
        "modify_db_instance",
        DBInstanceIdentifier=work.name,
        ApplyImmediately=True,
        **parameters,
    )
    return answer is not None


async def _woken(work: Work[RdsOptions], instance: Mapping[str, Any]) -> StepBegun:
    """Start it, marked: what is marked so is not taken for hot, and the same step goes on when it is available."""
    marked = [{"Key": PHASE, "Value": LEAVING}]
    await work.aws.call("rds", "add_tags_to_resource", ResourceName=instance["DBInstanceArn"], Tags=marked)
    return begun(await work.aws.call("rds", "start_db_instance", DBInstanceIdentifier=work.name), "starting")


def request_id(answer: Answer | None) -> str:
    """AWS's own name of the call."""
    return str((answer or {}).get("ResponseMetadata", {}).get("RequestId", ""))


def begun(answer: Answer | None, status: str) -> StepBegun:
    """AWS is at work, and the instance will show this status."""
    return StepBegun(request_id(answer), status, look_after_s(status))


def _shared(work: Work[RdsOptions]) -> dict[str, Any]:
    """What creating and restoring have in common."""
    options = work.options
    given: dict[str, Any] = {
        "DBInstanceIdentifier": work.name,
        "DBInstanceClass": options.instance_class,
        "StorageType": options.storage_type.value,
        "MultiAZ": options.multi_az,
        "PubliclyAccessible": False,
        "DeletionProtection": options.deletion_protection,
        "CopyTagsToSnapshot": True,
        "Tags": tags.listed(work.tags(phase=MAKING)),
    }
    if options.subnet_group:
        given["DBSubnetGroupName"] = options.subnet_group
    if options.security_groups:
        given["VpcSecurityGroupIds"] = list(options.security_groups)
    if options.parameter_group:
        given["DBParameterGroupName"] = options.parameter_group
    return given
