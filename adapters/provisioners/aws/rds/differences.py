"""Where an instance stands otherwise than its options wish, and what puts it right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from adapters.provisioners.aws.rds.statuses import STORAGE_OPTIMIZATION, status_of
from config.provisioner_options.aws_rds import RdsOptions

Instance = Mapping[str, Any]
"""One of `DescribeDBInstances`."""


class Difference(msgspec.Struct, frozen=True):
    """One that `ModifyDBInstance` puts right."""

    sentence: str
    parameters: dict[str, Any]


def differences(options: RdsOptions, instance: Instance) -> tuple[Difference, ...]:
    """What activating again puts right."""
    return tuple(_found(options, instance))


def hints(options: RdsOptions, instance: Instance) -> tuple[str, ...]:
    """What no change of solvent's puts right, a sentence each: for the operator to decide."""
    sentences = []
    storage_gb = int(instance.get("AllocatedStorage", 0))
    if storage_gb > options.storage_gb:
        sentences.append(f"its storage is {storage_gb} GiB, the options wish {options.storage_gb}: RDS only grows it")
    if storage_gb < options.storage_gb and status_of(instance) == STORAGE_OPTIMIZATION:
        sentences.append(f"its storage grows to {options.storage_gb} GiB when AWS has ended the growth before")
    engine = str(instance.get("Engine", ""))
    if engine != options.engine.value:
        sentences.append(f"its engine is {engine}, the options wish {options.engine.value}")
    version = str(instance.get("EngineVersion", ""))
    if not f"{version}.".startswith(f"{options.engine_version}."):
        sentences.append(f"its version is {version}, the options wish {options.engine_version}: upgrade it by hand")
    if options.encrypted and not instance.get("StorageEncrypted"):
        sentences.append("its storage is not encrypted, which only a copy of a snapshot changes")
    subnet_group = str(instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName", ""))
    if options.subnet_group and subnet_group != options.subnet_group:
        sentences.append(f"its subnet group is {subnet_group or 'none'}, the options wish {options.subnet_group}")
    return tuple(sentences)


def _found(options: RdsOptions, instance: Instance) -> Iterator[Difference]:
    plain = (
        ("class", "DBInstanceClass", options.instance_class),
        ("multi_az", "MultiAZ", options.multi_az),
        ("storage type", "StorageType", options.storage_type.value),
        ("backup retention", "BackupRetentionPeriod", options.backup_retention_days),
        ("deletion protection", "DeletionProtection", options.deletion_protection),
        ("copying of tags to snapshots", "CopyTagsToSnapshot", True),
    )
    for name, key, wished in plain:
        if key in instance and instance[key] != wished:
            yield Difference(f"its {name} is {instance[key]}, the options wish {wished}", {key: wished})
    storage_gb = int(instance.get("AllocatedStorage", 0))
    if storage_gb < options.storage_gb and status_of(instance) != STORAGE_OPTIMIZATION:
        yield Difference(
            f"its storage is {storage_gb} GiB, the options wish {options.storage_gb}",
            {"AllocatedStorage": options.storage_gb},
        )
    if options.manage_password and not instance.get("MasterUserSecret"):
        yield Difference("its password is not kept in Secrets Manager", {"ManageMasterUserPassword": True})
    yield from _groups(options, instance)


def _groups(options: RdsOptions, instance: Instance) -> Iterator[Difference]:
    security = sorted(each["VpcSecurityGroupId"] for each in instance.get("VpcSecurityGroups", []))
    if options.security_groups and security != list(options.security_groups):
        yield Difference(
            f"its security groups are {', '.join(security) or 'none'}, the options wish "
            f"{', '.join(options.security_groups)}",
            {"VpcSecurityGroupIds": list(options.security_groups)},
        )
    parameters = [each["DBParameterGroupName"] for each in instance.get("DBParameterGroups", [])]
    if options.parameter_group and options.parameter_group not in parameters:
        yield Difference(
            f"its parameter group is {', '.join(parameters) or 'none'}, the options wish {options.parameter_group}",
            {"DBParameterGroupName": options.parameter_group},
        )
