"""What a component consists of at AWS: a target group, and while it is hot a load balancer with listeners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import Tagged, Work
from config.provisioner_options.aws_load_balancer import LoadBalancerOptions
from machines.ports.faults import Permanent, Transient

SERVICE: Final = "elbv2"
NO_GROUP: Final = ("TargetGroupNotFound",)
NO_BALANCER: Final = ("LoadBalancerNotFound",)
NO_LISTENER: Final = ("ListenerNotFound",)
RETRY_MOVED_S: Final = 5.0
_TAGS_OF_MAX: Final = 20
"""How many ARNs AWS takes in one question for tags."""

Part = Mapping[str, Any]


class Parts(msgspec.Struct, frozen=True):
    """What stands of one component; empty mappings where a part does not."""

    group: Part = {}
    balancer: Part = {}
    listeners: tuple[Part, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = {}
    """By ARN."""

    @property
    def arns(self) -> list[str]:
        """Of the parts that carry tags: the target group first, which is there before and after the load balancer."""
        standing = (self.group.get("TargetGroupArn", ""), self.balancer.get("LoadBalancerArn", ""))
        return [arn for arn in standing if arn]

    @property
    def token(self) -> str:
        """That of the target group; of the load balancer where it stands alone."""
        return self.tags.get(self.arns[0], {}).get(tags.TOKEN, "")

    @property
    def code(self) -> str:
        """The load balancer's state in AWS's word, such as `active`."""
        return str(self.balancer.get("State", {}).get("Code", ""))


async def found(work: Work[LoadBalancerOptions]) -> Parts:
    """What stands under the component's name; of an orphan, the one part that its ARN names."""
    group, balancer = _selected(work)
    answer = group and await work.aws.call_unless(NO_GROUP, SERVICE, "describe_target_groups", **group)
    groups = (answer or {}).get("TargetGroups", [])
    answer = balancer and await work.aws.call_unless(NO_BALANCER, SERVICE, "describe_load_balancers", **balancer)
    balancers = (answer or {}).get("LoadBalancers", [])
    parts = Parts(groups[0] if groups else {}, balancers[0] if balancers else {})
    if not parts.arns:
        return parts
    listeners = await _listeners(work.aws, parts)
    on_them = await _all_tags_on(work.aws, [*parts.arns, *(str(each["ListenerArn"]) for each in listeners)])
    if on_them is None:
        raise Transient(f"{work.name} was being changed by somebody else during the look: look again", RETRY_MOVED_S)
    return msgspec.structs.replace(parts, tags=on_them, listeners=listeners)


async def listed(aws: Place) -> Sequence[Tagged]:
    """All load balancers and target groups of the region with their tags."""
    balancers = (await aws.pages(SERVICE, "describe_load_balancers")).get("LoadBalancers", [])
    groups = (await aws.pages(SERVICE, "describe_target_groups")).get("TargetGroups", [])
    # The load balancer first: a target group in use cannot be removed before it.
    arns = [each["LoadBalancerArn"] for each in balancers] + [each["TargetGroupArn"] for each in groups]
    on_them = await _all_tags_on(aws, arns)
    if on_them is None:
        raise Transient(f"a load balancer in {aws.region} was removed meanwhile: list again", RETRY_MOVED_S)
    return [Tagged(arn, on_them.get(arn, {})) for arn in arns]


async def tags_on(aws: Place, arns: Sequence[str]) -> dict[str, dict[str, str]] | None:
    """By ARN, of at most 20; None where one of them is gone by now."""
    gone = (*NO_GROUP, *NO_BALANCER, *NO_LISTENER)
    answer = await aws.call_unless(gone, SERVICE, "describe_tags", ResourceArns=list(arns))
    if answer is None:
        return None
    return {str(each["ResourceArn"]): tags.mapped(each.get("Tags", [])) for each in answer["TagDescriptions"]}


async def _all_tags_on(aws: Place, arns: Sequence[str]) -> dict[str, dict[str, str]] | None:
    """By ARN, of any number; None where one of them is gone by now."""
    on_them: dict[str, dict[str, str]] = {}
    for start in range(0, len(arns), _TAGS_OF_MAX):
        some = await tags_on(aws, arns[start : start + _TAGS_OF_MAX])
        if some is None:
            return None
        on_them |= some
    return on_them


async def _listeners(aws: Place, parts: Parts) -> tuple[Part, ...]:
    if not parts.balancer:
        return ()
    arn = parts.balancer["LoadBalancerArn"]
    answer = await aws.call_unless(NO_BALANCER, SERVICE, "describe_listeners", LoadBalancerArn=arn)
    return tuple((answer or {}).get("Listeners", []))


def _selected(work: Work[LoadBalancerOptions]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The questions for the target group and for the load balancer; {} where there is none to ask."""
    if not work.resource.name:
        return {"Names": [work.name]}, {"Names": [work.name]}
    if work.resource.options:
        raise Permanent(
            f"{work.resource.plan}/{work.resource.component} is named {work.resource.name}, and no load balancer is "
            "adopted: deactivating deletes it, and its address would change; let solvent make one, and use its address"
        )
    kind = arn_of(work.resource.name).type
    if kind == "targetgroup":
        return {"TargetGroupArns": [work.resource.name]}, {}
    if kind == "loadbalancer":
        return {}, {"LoadBalancerArns": [work.resource.name]}
    raise Permanent(f"{work.resource.name} is neither a load balancer nor a target group")
