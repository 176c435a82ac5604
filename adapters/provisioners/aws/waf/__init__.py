"""A web ACL of AWS WAF as a provisioner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters.provisioners.aws import preflight as shared
from adapters.provisioners.aws.looking import AwsObserver
from adapters.provisioners.aws.stepping import AwsProvisioner
from adapters.provisioners.aws.waf.recipe import WafRecipe
from config.provisioner_options.aws_waf import WafOptions
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


def observer(surroundings: Surroundings) -> AwsObserver[WafOptions]:
    """The half that only looks."""
    return AwsObserver(WafRecipe(), surroundings)


def provisioner(surroundings: Surroundings) -> AwsProvisioner[WafOptions]:
    """The whole."""
    return AwsProvisioner(WafRecipe(), surroundings)


async def preflight(resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """What keeps these web ACLs from being reached, a sentence each."""
    return await shared.preflight(WafRecipe(), resources, surroundings)
