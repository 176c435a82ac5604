"""A cluster's control plane at Amazon EKS: it costs the same from its first to its last minute, without a switch.

WARM and HOT are the same cluster; the tag `solvent:state` tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.answered import begun, done
from adapters.provisioners.aws.calls import Place
from adapters.provisioners.aws.eks_cluster.differences import note, updates
from adapters.provisioners.aws.names import arn_of
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_eks_cluster import EksClusterOptions, eks_cluster_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent, Transient
from machines.ports.provisioner import StepBegun, StepDone

NOT_FOUND: Final = ("ResourceNotFoundException",)
IN_USE: Final = ("ResourceInUseException",)
LOOK_AFTER_S: Final = 60.0
"""A cluster is made within about ten minutes, upgraded within about thirty."""
_AT_WORK: Final = ("CREATING", "UPDATING", "DELETING", "PENDING")
_FAILED: Final = "FAILED"


class EksClusterRecipe:
    """What solvent does with a control plane."""

    kind = "aws_eks_cluster"
    service = "eks"
    name_characters_max = 100

    def options(self, plain: Mapping[str, Any]) -> EksClusterOptions:
        """Raises `msgspec.ValidationError`."""
        return eks_cluster_options(plain)

    def options_of_orphan(self, region: str) -> EksClusterOptions:
        """They wish nothing of it."""
        return EksClusterOptions(region)

    async def look(self, work: Work[EksClusterOptions]) -> Standing:
        """The cluster; its tags come with it."""
        cluster = await _described(work.aws, work.name)
        if cluster is None:
            return ABSENT
        state = _state(cluster)
        seen = Observation(
            state,
            (cluster.get("tags", {}).get(tags.TOKEN, ""),),
            detail=_detail(work.options, cluster),
            differences=_differences(work.options, cluster) if state is ResourceState.HOT else (),
            look_after_s=LOOK_AFTER_S if state is ResourceState.CHANGING else None,
        )
        return Standing(seen, cluster["arn"], cluster)

    async def make(self, work: Work[EksClusterOptions], standing: Standing) -> StepBegun | None:
        """Create it with its tags; one that EKS failed to make is removed first, and made by the next phase."""
        if standing.observation.state is ResourceState.BROKEN:
            return await self._delete(work, standing)
        order, options = work.order, work.options
        network: dict[str, Any] = {
            "subnetIds": list(options.subnets),
            "endpointPublicAccess": options.endpoint_public,
            "endpointPrivateAccess": options.endpoint_private,
        }
        if options.security_groups:
            network["securityGroupIds"] = list(options.security_groups)
        answer = await work.aws.call_unless(
            IN_USE,
            "eks",
            "create_cluster",
            name=work.name,
            roleArn=options.role_arn,
            resourcesVpcConfig=network,
            tags=work.tags(state="warm"),
            **({"version": options.version} if options.version else {}),
            **({"clientRequestToken": order.token} if order else {}),
        )
        return None if answer is None else begun(answer, "EKS makes the control plane", LOOK_AFTER_S)

    async def start(self, work: Work[EksClusterOptions], standing: Standing) -> StepDone | StepBegun:
        """One update after the other, since EKS takes one at a time; then tag it hot."""
        _refuse_failed(work, standing)
        for update in updates(work.options, standing.raw):
            answer = await work.aws.call("eks", update.operation, name=work.name, **update.parameters)
            return begun(answer, update.difference, LOOK_AFTER_S)
        return await self._tag(work, standing, "hot")

    async def stop(self, work: Work[EksClusterOptions], standing: Standing) -> StepDone:
        """Tag it warm; it goes on and costs what it cost."""
        return await self._tag(work, standing, "warm")

    async def remove(self, work: Work[EksClusterOptions], standing: Standing) -> StepDone | StepBegun:
        """Delete it; what runs in it must be gone."""
        return await self._delete(work, standing) or StepDone()

    async def retag(self, work: Work[EksClusterOptions], standing: Standing) -> None:
        """The state's tag follows with the step itself."""
        await work.aws.call("eks", "tag_resource", resourceArn=standing.arn, tags=work.tags())

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Every cluster is looked at: EKS's own list is complete at once, AWS's list of tags is not."""
        del plan
        found = []
        for name in (await aws.pages("eks", "list_clusters")).get("clusters", []):
            cluster = await _described(aws, name)
            if cluster is not None:
                found.append(Tagged(cluster["arn"], cluster.get("tags", {})))
        return found

    async def _delete(self, work: Work[EksClusterOptions], standing: Standing) -> StepBegun | None:
        """None where it is gone already."""
        try:
            answer = await work.aws.call_unless(NOT_FOUND, "eks", "delete_cluster", name=work.name)
        except Transient as refused:
            if any(code in refused.reason for code in IN_USE):
                await _refuse_held(work.aws, arn_of(standing.arn).name, refused)
            raise
        return None if answer is None else begun(answer, "EKS removes the control plane", LOOK_AFTER_S)

    async def _tag(self, work: Work[EksClusterOptions], standing: Standing, state: str) -> StepDone:
        answer = await work.aws.call("eks", "tag_resource", resourceArn=standing.arn, tags=work.tags(state=state))
        return done(answer)


async def _described(aws: Place, name: str) -> dict[str, Any] | None:
    """None where there is none."""
    answer = await aws.call_unless(NOT_FOUND, "eks", "describe_cluster", name=name)
    return None if answer is None else dict(answer["cluster"])


async def _refuse_held(aws: Place, cluster: str, refused: Transient) -> None:
    """Raises `Permanent` where waiting does not let go of the cluster, with EKS's own sentence."""
    for operation, key, holders, advice in (
        ("list_nodegroups", "nodegroups", "node groups", "decommission them first"),
        ("list_fargate_profiles", "fargateProfileNames", "Fargate profiles", "delete them first"),
    ):
        names = (await aws.pages("eks", operation, clusterName=cluster)).get(key, [])
        if names:
            raise Permanent(
                f"the cluster {cluster} in {aws.region} still has the {holders} {', '.join(sorted(names))}: {advice} "
                f"({refused.reason})"
            ) from refused


def _state(cluster: Mapping[str, Any]) -> ResourceState:
    """What carries no state is somebody else's, and in use."""
    if cluster["status"] in _AT_WORK:
        return ResourceState.CHANGING
    if cluster["status"] == _FAILED:
        return ResourceState.BROKEN
    return ResourceState.WARM if cluster.get("tags", {}).get(tags.STATE) == "warm" else ResourceState.HOT


def _differences(options: EksClusterOptions, cluster: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(update.difference for update in updates(options, cluster))


def _detail(options: EksClusterOptions, cluster: Mapping[str, Any]) -> str:
    issues = [issue.get("message", issue.get("code", "")) for issue in cluster.get("health", {}).get("issues", [])]
    stands = f"{cluster['status']}, Kubernetes {cluster.get('version', 'unknown')}"
    return "; ".join(filter(None, (stands, note(options, cluster), *issues)))


def _refuse_failed(work: Work[EksClusterOptions], standing: Standing) -> None:
    if standing.observation.state is ResourceState.BROKEN:
        raise Permanent(
            f"the cluster {work.name} in {work.aws.region} has failed ({standing.observation.detail}): "
            "EKS mends none, decommission it and make it anew"
        )
