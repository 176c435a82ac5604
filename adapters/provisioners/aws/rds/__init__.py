"""A database instance of Amazon RDS as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.rds.recipe import RdsRecipe
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_rds import RdsOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[RdsOptions]:
    """The half that only looks."""
    return AwsObserver(RdsRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[RdsOptions]:
    """The whole."""
    return AwsProvisioner(RdsRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these databases from being reached, a sentence each."""
    return await shared.preflight(RdsRecipe(), resources, surroundings)
