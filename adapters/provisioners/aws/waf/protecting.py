"""What a web ACL is to protect: ARNs as they stand, and load balancers by name, since their ARN is new each time."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws.names import referred
from adapters.provisioners.aws.recipe import Work
from adapters.provisioners.aws.waf.acls import protector_of
from config.provisioner_options.aws_waf import LOAD_BALANCER, WafOptions

LOAD_BALANCER_NAME_CHARACTERS_MAX: Final = 32
_NOT_FOUND: Final = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")


async def wished_arns(work: Work[WafOptions]) -> dict[str, str]:
    """The ARN of each thing that the options name; "" for a load balancer that is not there."""
    return {name: await _arn(work, name) for name in work.options.resources}


async def unprotected(work: Work[WafOptions], acl_arn: str) -> list[str]:
    """What the options name and this ACL does not protect."""
    arns = await wished_arns(work)
    return [name for name, arn in arns.items() if not arn or await protector_of(work.aws, arn) != acl_arn]


async def _arn(work: Work[WafOptions], name: str) -> str:
    if name.startswith("arn:"):
        return name
    balancer = referred(name, work.resource.plan, LOAD_BALANCER_NAME_CHARACTERS_MAX).removeprefix(LOAD_BALANCER)
    answer = await work.aws.call_unless(_NOT_FOUND, "elbv2", "describe_load_balancers", Names=[balancer])
    found = (answer or {}).get("LoadBalancers", [])
    return str(found[0]["LoadBalancerArn"]) if found else ""
