"""A replication group of Amazon ElastiCache as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.elasticache.recipe import ElastiCacheRecipe
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from config.provisioner_options.aws_elasticache import ElastiCacheOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[ElastiCacheOptions]:
    """The half that only looks."""
    return AwsObserver(ElastiCacheRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[ElastiCacheOptions]:
    """The whole."""
    return AwsProvisioner(ElastiCacheRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these groups from being reached, a sentence each."""
    return await shared.preflight(ElastiCacheRecipe(), resources, surroundings)
