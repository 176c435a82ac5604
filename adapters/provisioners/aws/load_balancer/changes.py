"""What solvent changes of a load balancer: make, put right, delete."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Answer
from adapters.provisioners.aws.load_balancer import wishes
from adapters.provisioners.aws.load_balancer.parts import NO_BALANCER, NO_LISTENER, SERVICE, Parts, tags_on
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_load_balancer import LoadBalancerOptions
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.provisioner import StepBegun, StepDone

LOOK_AFTER_S: Final = 15.0


async def make_group(work: Work[LoadBalancerOptions]) -> Answer | None:
    """None where a rival made it: with the same settings, AWS confirms his to us."""
    taken = ("DuplicateTargetGroupName",)
    wished = wishes.group(work.options, work.name)
    on_it = tags.listed(work.tags())
    answer = await work.aws.call_unless(taken, SERVICE, "create_target_group", **wished, Tags=on_it)
    return await _ours(work, answer, "TargetGroups", "TargetGroupArn")


async def make_balancer(work: Work[LoadBalancerOptions]) -> Answer:
    """Raises `Ambiguous` where a rival made it."""
    taken = ("DuplicateLoadBalancerName",)
    wished = wishes.balancer(work.options, work.name)
    on_it = tags.listed(work.tags())
    answer = await work.aws.call_unless(taken, SERVICE, "create_load_balancer", **wished, Tags=on_it)
    ours = await _ours(work, answer, "LoadBalancers", "LoadBalancerArn")
    if ours is None:
        raise Ambiguous(f"the load balancer {work.name} was made by somebody else meanwhile: look again")
    return ours


async def _ours(work: Work[LoadBalancerOptions], answer: Answer | None, key: str, arn_key: str) -> Answer | None:
    """The answer where what it names carries our token."""
    if answer is None or work.order is None:
        return None
    arn = answer[key][0][arn_key]
    on_it = (await tags_on(work.aws, [arn]) or {}).get(arn, {})
    return answer if on_it.get(tags.TOKEN) == work.order.token else None


async def put_group_right(work: Work[LoadBalancerOptions], parts: Parts) -> Answer | None:
    """The health check; None where it stands as wished."""
    if wishes.same_health_check(work.options, parts):
        return None
    arn, path = parts.group["TargetGroupArn"], work.options.health_check_path
    return await work.aws.call(SERVICE, "modify_target_group", TargetGroupArn=arn, HealthCheckPath=path)


async def put_balancer_right(work: Work[LoadBalancerOptions], parts: Parts) -> None:
    """Subnets, security groups and tags."""
    named = {"LoadBalancerArn": parts.balancer["LoadBalancerArn"]}
    if not wishes.same_subnets(work.options, parts):
        await work.aws.call(SERVICE, "set_subnets", **named, Subnets=list(work.options.subnets))
    if not wishes.same_security_groups(work.options, parts):
        groups = list(work.options.security_groups)
        await work.aws.call(SERVICE, "set_security_groups", **named, SecurityGroups=groups)
    if not wishes.same_token(parts):
        await tag(work, parts)


async def put_listeners_right(work: Work[LoadBalancerOptions], parts: Parts) -> None:
    """Those of earlier options go last, so that the port that serves changes without a gap; anybody else's stay."""
    if not parts.group or not parts.balancer:
        raise Ambiguous(f"{work.name} was removed by somebody else meanwhile: look again")
    all_wished = wishes.listeners(work.options, parts.group["TargetGroupArn"])
    for wished in all_wished:
        standing = wishes.on_port(parts, wished)
        if standing is None:
            arn, on_it = parts.balancer["LoadBalancerArn"], tags.listed(work.tags())
            await work.aws.call(SERVICE, "create_listener", LoadBalancerArn=arn, **wished, Tags=on_it)
        elif not wishes.same_listener(standing, wished):
            await work.aws.call(SERVICE, "modify_listener", ListenerArn=standing["ListenerArn"], **wished)
    for each in wishes.left_over(parts, all_wished):
        await work.aws.call_unless(NO_LISTENER, SERVICE, "delete_listener", ListenerArn=each["ListenerArn"])


async def delete_balancer(work: Work[LoadBalancerOptions], parts: Parts) -> StepDone | StepBegun:
    """With its listeners; begun while AWS still shows it."""
    arn = parts.balancer["LoadBalancerArn"]
    protected = ("OperationNotPermitted",)
    answer = await work.aws.call_unless(protected, SERVICE, "delete_load_balancer", LoadBalancerArn=arn)
    if answer is None:
        raise Permanent(f"{arn} has deletion protection: switch that off if it shall go")
    left = await work.aws.call_unless(NO_BALANCER, SERVICE, "describe_load_balancers", LoadBalancerArns=[arn])
    if left is not None and left["LoadBalancers"]:
        return begun(answer, "AWS is deleting the load balancer", LOOK_AFTER_S)
    return done(answer)


async def tag(work: Work[LoadBalancerOptions], parts: Parts) -> None:
    """The order's tags on both parts."""
    on_them = tags.listed(work.tags())
    await work.aws.call(SERVICE, "add_tags", ResourceArns=parts.arns, Tags=on_them)
