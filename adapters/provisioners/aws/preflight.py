"""What keeps AWS from being reached, said before anything is asked for: region, credentials, their validity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import boto3
import botocore.exceptions
import msgspec

from adapters.blocking_calls import BlockingCalls
from adapters.provisioners.aws.calls import CALL_LIMIT_S, Place
from adapters.provisioners.aws.clients import Clients
from adapters.provisioners.aws.recipe import O, Recipe
from config.suggestions import did_you_mean
from machines.ports.faults import CallError
from machines.ports.provisioner import Resource

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings


async def preflight(recipe: Recipe[O], resources: Sequence[Resource], surroundings: Surroundings) -> tuple[str, ...]:
    """Sentences, one for each thing to put right; () where these resources can be reached. Changes nothing."""
    clients = Clients(surroundings.environment)
    blocking = BlockingCalls("AWS", surroundings.clock, threads_max=1, call_limit_s=CALL_LIMIT_S)
    try:
        regions, problems = _regions(recipe, resources)
        known = await blocking.call("the list of regions", lambda: clients.regions(recipe.service))
        problems += [_unknown_region(recipe, region, known) for region in regions if region not in known]
        reachable = [region for region in regions if region in known]
        if reachable and not await blocking.call("the credentials", clients.has_credentials):
            problems.append(
                "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "AWS_PROFILE, or give this machine a role"
            )
            reachable = []
        for region in reachable:
            await Place(clients, blocking, surroundings.clock, region).call("sts", "get_caller_identity")
    except CallError as error:
        problems.append(error.reason)
    except botocore.exceptions.BotoCoreError as error:
        problems.append(f"the AWS configuration cannot be used: {error}; mend AWS_PROFILE or ~/.aws/config")
    finally:
        blocking.close()
        clients.close()
    return tuple(problems)


def _regions(recipe: Recipe[O], resources: Sequence[Resource]) -> tuple[list[str], list[str]]:
    """The regions that are named, and a sentence for each component whose options cannot be read."""
    regions: set[str] = set()
    problems = []
    for resource in resources:
        try:
            regions.add(recipe.options(resource.options).region)
        except msgspec.ValidationError as error:
            problems.append(
                f"the options of {resource.plan}/{resource.component} are not those of {recipe.kind}: {error}"
            )
    return sorted(regions), problems


def _unknown_region(recipe: Recipe[O], region: str, known: frozenset[str]) -> str:
    return (
        f"boto3 {boto3.__version__} knows no region {region!r} of {recipe.service}{did_you_mean(region, known)}: "
        "mend the option region, or update boto3"
    )
