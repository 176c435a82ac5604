"""The calls of EKS that change a node group."""

from __future__ import annotations

from typing import Final

from adapters.provisioners.aws.answered import begun
from adapters.provisioners.aws.calls import Answer
from adapters.provisioners.aws.eks_node_group import asking
from adapters.provisioners.aws.eks_node_group.groups import NOT_FOUND, Seen, written
from adapters.provisioners.aws.eks_node_group.market import Memory
from adapters.provisioners.aws.eks_node_group.showing import LOOK_AFTER_S
from adapters.provisioners.aws.names import arn_of, referred
from adapters.provisioners.aws.recipe import Work
from config.provisioner_options.aws_eks import CLUSTER_NAME_CHARACTERS_MAX
from config.provisioner_options.aws_eks_node_group import EksNodeGroupOptions
from machines.ports.faults import Permanent, Transient
from machines.ports.provisioner import StepBegun

IN_USE: Final = ("ResourceInUseException",)
_ARN_NAME_PARTS: Final = 3
Nodes = Work[EksNodeGroupOptions]


def placed(work: Nodes) -> tuple[str, str]:
    """Cluster and name of the component's own group; an adopted ARN names both."""
    cluster = referred(work.options.cluster, work.resource.plan, CLUSTER_NAME_CHARACTERS_MAX)
    if not work.resource.name.startswith("arn:"):
        return cluster, work.name
    parts = arn_of(work.resource.name).name.split("/")
    if len(parts) != _ARN_NAME_PARTS:
        raise Permanent(f"{work.resource.name} is the ARN of no node group: it ends with cluster/group/id")
    if cluster and parts[0] != cluster:
        raise Permanent(
            f"{work.resource.plan}/{work.resource.component} was adopted as {work.resource.name}, "
            f"which is not in the cluster {cluster} of its options: mend the cluster, or adopt again"
        )
    return parts[0], parts[1]


async def create(work: Nodes, memory: Memory, *, stand_in: bool) -> Answer | None:
    """None where somebody else took the name."""
    cluster, name = placed(work)
    name = asking.stand_in_name(name) if stand_in else name
    token = work.order.token if work.order else ""
    nodes = work.options.nodes if stand_in else 0
    try:
        return await work.aws.call_unless(
            IN_USE,
            "eks",
            "create_nodegroup",
            clusterName=cluster,
            nodegroupName=name,
            tags=work.tags(**written(memory)),
            clientRequestToken=asking.request_token(token, name, memory.fell_back_at),
            **asking.creation(work.options, on_demand=stand_in, nodes=nodes),
        )
    except Permanent as refused:
        await _wait_for_cluster(work, cluster, refused)
        raise


async def _wait_for_cluster(work: Nodes, cluster: str, refused: Permanent) -> None:
    """EKS refuses a group for good while its cluster is made or updated; raises `Transient` then."""
    answer = await work.aws.call_unless(NOT_FOUND, "eks", "describe_cluster", name=cluster)
    if answer is not None and answer["cluster"]["status"] in ("CREATING", "UPDATING", "PENDING"):
        raise Transient(
            f"the cluster {cluster} is {answer['cluster']['status']}: {refused.reason}", LOOK_AFTER_S
        ) from refused


async def scale(work: Nodes, group: Seen, nodes: int, detail: str) -> StepBegun:
    """Ask for so many nodes, and for the labels and taints that are missing."""
    return begun(await update(work, group, nodes), detail, LOOK_AFTER_S)


async def update(work: Nodes, group: Seen, nodes: int) -> Answer:
    """The same, as AWS's own answer."""
    cluster, _ = placed(work)
    return await work.aws.call(
        "eks",
        "update_nodegroup_config",
        clusterName=cluster,
        nodegroupName=group.name,
        scalingConfig=asking.scaling(work.options, nodes),
        **asking.configuration(work.options, group.raw),
    )


async def delete(work: Nodes, group: Seen) -> Answer | None:
    """None where it is gone already."""
    cluster, _ = placed(work)
    return await work.aws.call_unless(
        NOT_FOUND, "eks", "delete_nodegroup", clusterName=cluster, nodegroupName=group.name
    )


async def remember(work: Nodes, group: Seen, memory: Memory) -> None:
    """In tags: nothing else outlives the daemon."""
    wished = {f"solvent:{key}": text for key, text in written(memory).items()}
    if not wished.items() <= group.on_it.items():
        await tag(work, group, wished)


async def tag(work: Nodes, group: Seen, on_it: dict[str, str]) -> None:
    """Put these tags on the group; others stay."""
    await work.aws.call("eks", "tag_resource", resourceArn=group.raw["nodegroupArn"], tags=on_it)
