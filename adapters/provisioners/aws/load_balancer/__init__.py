"""An application load balancer of AWS as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.load_balancer.recipe import LoadBalancerRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_load_balancer import LoadBalancerOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[LoadBalancerOptions]:
    """The half that only looks."""
    return AwsObserver(LoadBalancerRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[LoadBalancerOptions]:
    """The whole."""
    return AwsProvisioner(LoadBalancerRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these load balancers from being reached, a sentence each."""
    return await shared.preflight(LoadBalancerRecipe(), resources, surroundings)
