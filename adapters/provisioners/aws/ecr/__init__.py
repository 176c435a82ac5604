"""A repository of Amazon ECR as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.ecr.recipe import EcrRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_ecr import EcrOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[EcrOptions]:
    """The half that only looks."""
    return AwsObserver(EcrRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[EcrOptions]:
    """The whole."""
    return AwsProvisioner(EcrRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these repositories from being reached, a sentence each."""
    return await shared.preflight(EcrRecipe(), resources, surroundings)
