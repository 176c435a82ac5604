"""Options of a database instance of Amazon RDS."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import shown
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

STORAGE_GB_MIN: Final = 20
STORAGE_GB_MAX: Final = 65_536
BACKUP_DAYS_MAX: Final = 35
SNAPSHOTS_KEPT_MAX: Final = 100
SECURITY_GROUPS_MAX: Final = 5


class Engine(enum.Enum):
    """The engines that solvent knows how to make, stop, snapshot and restore."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MARIADB = "mariadb"


class WarmAs(enum.Enum):
    """What stands of a database that is WARM."""

    SNAPSHOT = "snapshot"
    """No instance; its data is a snapshot."""
    STOPPED = "stopped"
    """The instance, stopped; AWS starts it again by itself after seven days."""


class StorageType(enum.Enum):
    """General purpose storage; the others need a number of operations that solvent does not ask for."""

    GP3 = "gp3"
    GP2 = "gp2"


class RdsOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One database instance. No password is ever in a plan."""

    region: str
    engine: Engine
    engine_version: str
    """Major version such as `16` or `8.0`, or all of it such as `16.4`."""
    instance_class: str
    storage_gb: int
    warm: WarmAs
    multi_az: bool = False
    subnet_group: str = ""
    """The name of a DB subnet group; "" for the account's default network."""
    security_groups: tuple[str, ...] = ()
    parameter_group: str = ""
    """The name of a DB parameter group; "" for the engine's default."""
    storage_type: StorageType = StorageType.GP3
    encrypted: bool = True
    kms_key: str = ""
    """ID, ARN or alias; "" for the key that AWS keeps for RDS."""
    manage_password: bool = True
    """Whether AWS makes the master user's password and keeps it in Secrets Manager; false only for what was adopted."""
    master_username: str = "solvent"
    database_name: str = ""
    deletion_protection: bool = True
    backup_retention_days: int = 7
    """How long AWS keeps its automatic backups while the instance exists; 0 makes none."""
    snapshots_kept: int = 3
    """How many of the newest own snapshots are kept."""
    final_snapshot: bool = True
    """Whether decommissioning leaves a snapshot; without one only of a component that is not stateful."""
    tags: dict[str, str] = {}


_instance_class: Final = values.matching(
    r"db\.[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}", "a class of instance such as db.t4g.medium"
)
_engine_version: Final = values.matching(r"\d{1,4}(\.\d{1,4}){0,2}", "a version such as 16, 16.4 or 8.0.39, in quotes")
_group_name: Final = values.matching(r"[A-Za-z][A-Za-z0-9._-]{0,254}", "the name of a group at AWS")
_security_group: Final = values.matching(
    r"sg-[0-9a-f]{8,17}", "the ID of a security group such as sg-0a1b2c3d4e5f60718"
)
_kms_key: Final = values.matching(r"[A-Za-z0-9:/_-]{1,2048}", "the ID, ARN or alias of a KMS key")
_master_username: Final = values.matching(
    r"(?!(?:admin|rdsadmin|root|postgres)$)[A-Za-z][A-Za-z0-9_]{0,15}",
    "a user's name: a letter, then letters, digits or _, at most 16; admin, root, postgres and rdsadmin are taken",
)
_database_name: Final = values.matching(
    r"[A-Za-z][A-Za-z0-9_]{0,62}", "a database's name: a letter, then letters, digits or _, at most 63"
)


def rds_options(options: Mapping[str, Any]) -> RdsOptions:
    """The options of a loaded plan's `aws_rds` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), RdsOptions)


def parameter_group_family(engine: Engine, version: str) -> str:
    """AWS's name of the engine in its major version, such as `postgres16` or `mysql8.0`."""
    parts = version.split(".")
    return engine.value + ".".join(parts[: 1 if engine is Engine.POSTGRES else 2])


def _read(fields: Fields, context: Context) -> RdsOptions:
    del context
    engine = fields.required("engine", values.member(Engine)) or Engine.POSTGRES
    encrypted = fields.optional("encrypted", values.boolean, True)
    return RdsOptions(
        region=region_read(fields),
        engine=engine,
        engine_version=_version_read(fields, engine),
        instance_class=fields.required("instance_class", _instance_class) or "",
        storage_gb=fields.required("storage_gb", values.integer(STORAGE_GB_MIN, STORAGE_GB_MAX, "GiB")) or 0,
        warm=fields.required("warm", values.member(WarmAs)) or WarmAs.SNAPSHOT,
        multi_az=fields.optional("multi_az", values.boolean, False),
        subnet_group=fields.optional("subnet_group", _group_name, ""),
        security_groups=_security_groups_read(fields),
        parameter_group=fields.optional("parameter_group", _group_name, ""),
        storage_type=fields.optional("storage_type", values.member(StorageType), StorageType.GP3),
        encrypted=encrypted,
        kms_key=_kms_key_read(fields, encrypted=encrypted),
        manage_password=fields.optional("manage_password", values.boolean, True),
        master_username=fields.optional("master_username", _master_username, "solvent"),
        database_name=fields.optional("database_name", _database_name, ""),
        deletion_protection=fields.optional("deletion_protection", values.boolean, True),
        backup_retention_days=fields.optional("backup_retention_days", values.integer(0, BACKUP_DAYS_MAX, "days"), 7),
        snapshots_kept=fields.optional("snapshots_kept", values.integer(1, SNAPSHOTS_KEPT_MAX, "snapshots"), 3),
        final_snapshot=fields.optional("final_snapshot", values.boolean, True),
        tags=tags_read(fields),
    )


def _version_read(fields: Fields, engine: Engine) -> str:
    version = fields.required("engine_version", _engine_version) or ""
    if version and engine is not Engine.POSTGRES and "." not in version:
        fields.collector.report(
            fields.place_of("engine_version"), f"a version of {engine.value} with its second number", shown(version)
        )
    return version


def _security_groups_read(fields: Fields) -> tuple[str, ...]:
    groups = tuple(sorted(text for text, _ in fields.texts("security_groups", _security_group)))
    if len(groups) > SECURITY_GROUPS_MAX:
        fields.collector.report(
            fields.place_of("security_groups"), f"at most {SECURITY_GROUPS_MAX} groups", f"{len(groups)} of them"
        )
    return groups


def _kms_key_read(fields: Fields, *, encrypted: bool) -> str:
    key = fields.optional("kms_key", _kms_key, "")
    if key and not encrypted:
        fields.collector.report(fields.place_of("kms_key"), "no key where encrypted is false", shown(key))
    return key


KIND: Final = OptionsKind(_read, provider_of, place=("region",))
