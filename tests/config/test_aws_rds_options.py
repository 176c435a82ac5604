"""How the options of a database at Amazon RDS are read."""

from __future__ import annotations

import pytest

from config.errors import PlanError
from config.loading import plan_from_bytes
from config.plan import Component
from config.provisioner_options.aws_rds import Engine, parameter_group_family, rds_options

PLAN = """\
plan: shop
currency: EUR
timezone: Europe/Rome
components:
  database: {monthly_cost: 50, provisioner: aws_rds, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 100, components: [database]}
"""
REQUIRED = (
    "region: eu-central-1, engine: postgres, engine_version: '16', instance_class: db.t4g.medium, storage_gb: 20, "
    "warm: snapshot"
)


def component(options: str) -> Component:
    """The component of a plan with these options."""
    return plan_from_bytes(PLAN.replace("OPTIONS", options).encode(), "shop.yaml").components["database"]


def test_every_option_is_read() -> None:
    """Each option as it is written; security groups in order."""
    more = {
        "multi_az": "yes",
        "subnet_group": "shop-private",
        "security_groups": "[sg-0b000000, sg-0a000000]",
        "parameter_group": "shop-postgres16",
        "storage_type": "gp2",
        "kms_key": "alias/shop",
        "manage_password": "no",
        "master_username": "owner",
        "database_name": "shop",
        "deletion_protection": "false",
        "backup_retention_days": "35",
        "snapshots_kept": "7",
        "final_snapshot": "false",
        "tags": "{team: web}",
    }
    text = ", ".join(f"{key}: {value}" for key, value in more.items())

    assert component(f"{REQUIRED}, {text}").options == {
        "region": "eu-central-1",
        "engine": "postgres",
        "engine_version": "16",
        "instance_class": "db.t4g.medium",
        "storage_gb": 20,
        "warm": "snapshot",
        "multi_az": True,
        "subnet_group": "shop-private",
        "security_groups": ["sg-0a000000", "sg-0b000000"],
        "parameter_group": "shop-postgres16",
        "storage_type": "gp2",
        "encrypted": True,
        "kms_key": "alias/shop",
        "manage_password": False,
        "master_username": "owner",
        "database_name": "shop",
        "deletion_protection": False,
        "backup_retention_days": 35,
        "snapshots_kept": 7,
        "final_snapshot": False,
        "tags": {"team": "web"},
    }


def test_defaults_keep_the_data() -> None:
    """Without options it is encrypted, protected, backed up, and leaves a snapshot."""
    options = rds_options(component(REQUIRED).options)

    assert (True, True, True) == (options.encrypted, options.deletion_protection, options.final_snapshot)
    assert (7, 3) == (options.backup_retention_days, options.snapshots_kept)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (REQUIRED.replace(", warm: snapshot", ""), "warm: expected one of snapshot, stopped"),
        (REQUIRED.replace("snapshot", "off"), "warm: expected one of snapshot, stopped"),
        (REQUIRED.replace("postgres", "postgress"), "engine: expected one of postgres, mysql, mariadb"),
        (REQUIRED.replace("'16'", "latest"), "engine_version: expected a version"),
        (REQUIRED.replace("postgres", "mysql"), "engine_version: expected a version of mysql with its second number"),
        (REQUIRED.replace("db.t4g.medium", "t4g.medium"), "instance_class: expected a class of instance"),
        (REQUIRED.replace("storage_gb: 20", "storage_gb: 5"), "storage_gb: expected a whole number of GiB"),
        (f"{REQUIRED}, security_groups: [web]", "expected the ID of a security group"),
        (f"{REQUIRED}, encrypted: false, kms_key: alias/shop", "kms_key: expected no key where encrypted is false"),
        (f"{REQUIRED}, master_username: admin", "master_username: expected a user's name"),
        (f"{REQUIRED}, backup_retention_days: 36", "backup_retention_days: expected a whole number of days"),
        (f"{REQUIRED}, snapshots_kept: 0", "snapshots_kept: expected a whole number of snapshots"),
        (f"{REQUIRED}, master_user_password: secret", "the unknown key"),
    ],
)
def test_what_is_wrong_is_said(options: str, said: str) -> None:
    """A wrong option is a problem of the plan, and a password is none of its options."""
    with pytest.raises(PlanError) as refused:
        component(options)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("engine", "version", "family"),
    [
        (Engine.POSTGRES, "16", "postgres16"),
        (Engine.POSTGRES, "16.4", "postgres16"),
        (Engine.MYSQL, "8.0.39", "mysql8.0"),
        (Engine.MARIADB, "10.11", "mariadb10.11"),
    ],
)
def test_the_family_of_a_version(engine: Engine, version: str, family: str) -> None:
    """AWS names the families of parameter groups by major version."""
    assert parameter_group_family(engine, version) == family
