"""The control plane of a cluster at Amazon EKS as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.eks_cluster.recipe import EksClusterRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_eks_cluster import EksClusterOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[EksClusterOptions]:
    """The half that only looks."""
    return AwsObserver(EksClusterRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[EksClusterOptions]:
    """The whole."""
    return AwsProvisioner(EksClusterRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these clusters from being reached, a sentence each."""
    return await shared.preflight(EksClusterRecipe(), resources, surroundings)
