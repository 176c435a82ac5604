"""An instance of Amazon EC2 as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.ec2.recipe import Ec2Recipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_ec2 import Ec2Options
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[Ec2Options]:
    """The half that only looks."""
    return AwsObserver(Ec2Recipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[Ec2Options]:
    """The whole."""
    return AwsProvisioner(Ec2Recipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these instances from being reached, a sentence each."""
    return await shared.preflight(Ec2Recipe(), resources, surroundings)
