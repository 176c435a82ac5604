"""A bucket of Amazon S3 behind Amazon CloudFront as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.cloudfront.recipe import CloudFrontRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_cloudfront import CloudFrontOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[CloudFrontOptions]:
    """The half that only looks."""
    return AwsObserver(CloudFrontRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[CloudFrontOptions]:
    """The whole."""
    return AwsProvisioner(CloudFrontRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these distributions from being reached, a sentence each."""
    return await shared.preflight(CloudFrontRecipe(), resources, surroundings)
