"""A managed node group at Amazon EKS as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.eks_node_group.recipe import EksNodeGroupRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_eks_node_group import EksNodeGroupOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[EksNodeGroupOptions]:
    """The half that only looks."""
    return AwsObserver(EksNodeGroupRecipe(surroundings.clock), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[EksNodeGroupOptions]:
    """The whole."""
    return AwsProvisioner(EksNodeGroupRecipe(surroundings.clock), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these node groups from being reached, a sentence each."""
    return await shared.preflight(EksNodeGroupRecipe(surroundings.clock), resources, surroundings)
