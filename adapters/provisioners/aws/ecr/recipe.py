"""A repository of Amazon ECR: it costs what its images weigh, and AWS has no switch for it.

WARM and HOT are the same repository; the tag `solvent:state` tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.provisioners.aws import tags
from adapters.provisioners.aws.calls import Answer, Place
from adapters.provisioners.aws.ecr.policy import lifecycle_policy, same_policy
from adapters.provisioners.aws.recipe import ABSENT, Standing, Tagged, Work
from config.provisioner_options.aws_ecr import EcrOptions, ecr_options
from machines.observations import Observation, ResourceState
from machines.ports.faults import Permanent
from machines.ports.provisioner import StepDone

_NOT_FOUND: Final = ("RepositoryNotFoundException",)
_MUTABILITY: Final = {True: "IMMUTABLE", False: "MUTABLE"}
_POLICY: Final = "lifecyclePolicyText"


class EcrRecipe:
    """What solvent does with a repository."""

    kind = "aws_ecr"
    service = "ecr"
    name_characters_max = 256

    def options(self, plain: Mapping[str, Any]) -> EcrOptions:
        """Raises `msgspec.ValidationError`."""
        return ecr_options(plain)

    def options_of_orphan(self, region: str) -> EcrOptions:
        """Images are never removed with an orphan."""
        return EcrOptions(region)

    async def look(self, work: Work[EcrOptions]) -> Standing:
        """The repository, its tags and, where one is wished, its lifecycle policy."""
        answer = await work.aws.call_unless(_NOT_FOUND, "ecr", "describe_repositories", repositoryNames=[work.name])
        if answer is None or not answer["repositories"]:
            return ABSENT
        repository = answer["repositories"][0]
        on_it = await self._tags(work.aws, repository["repositoryArn"])
        if on_it is None:
            return ABSENT
        policy = await self._policy(work) if lifecycle_policy(work.options) else None
        state = self._state(work.options, on_it, policy)
        seen = Observation(
            state,
            (on_it.get(tags.TOKEN, ""),),
            detail=repository.get("repositoryUri", ""),
            differences=() if state is ResourceState.BROKEN else _differences(work.options, repository, policy),
        )
        return Standing(seen, repository["repositoryArn"], repository)

    async def make(self, work: Work[EcrOptions], standing: Standing) -> StepDone | None:
        """Create it with its tags in one call, then its policy; half-made, only the policy is missing."""
        answer: Answer | None = {}
        if standing.observation.state is ResourceState.ABSENT:
            answer = await work.aws.call_unless(
                ("RepositoryAlreadyExistsException",),
                "ecr",
                "create_repository",
                repositoryName=work.name,
                tags=tags.listed(work.tags(state="warm")),
                imageTagMutability=_MUTABILITY[work.options.immutable_tags],
                imageScanningConfiguration={"scanOnPush": work.options.scan_on_push},
            )
            if answer is None:
                return None
        else:
            await self._put_right(work, standing.raw)
        await self._put_policy(work)
        return _done(answer)

    async def start(self, work: Work[EcrOptions], standing: Standing) -> StepDone:
        """Put right what differs, then tag it hot."""
        await self._put_right(work, standing.raw)
        await self._put_policy(work)
        return await self._tag(work, standing, "hot")

    async def stop(self, work: Work[EcrOptions], standing: Standing) -> StepDone:
        """Tag it warm; its images stay and are billed."""
        return await self._tag(work, standing, "warm")

    async def remove(self, work: Work[EcrOptions], standing: Standing) -> StepDone:
        """Delete it; images go with it only where the options say so and the component keeps no data."""
        del standing
        force = work.options.force_delete and not work.resource.stateful
        refused = ("RepositoryNotEmptyException", *_NOT_FOUND)
        answer = await work.aws.call_unless(refused, "ecr", "delete_repository", repositoryName=work.name, force=force)
        if answer is None and await self.look(work) is not ABSENT:
            raise Permanent(
                f"the repository {work.name} in {work.aws.region} still holds images: remove them, or set the option "
                "force_delete of a component that is not stateful"
            )
        return _done(answer)

    async def retag(self, work: Work[EcrOptions], standing: Standing) -> None:
        """The state's tag follows with the step itself."""
        await work.aws.call("ecr", "tag_resource", resourceArn=standing.arn, tags=tags.listed(work.tags()))

    async def tagged(self, aws: Place, plan: str) -> Sequence[Tagged]:
        """Every repository's tags are asked for: ECR's own list is complete at once, AWS's list of tags is not."""
        del plan
        found = []
        for repository in (await aws.pages("ecr", "describe_repositories")).get("repositories", []):
            on_it = await self._tags(aws, repository["repositoryArn"])
            if on_it is not None:
                found.append(Tagged(repository["repositoryArn"], on_it))
        return found

    async def _tags(self, aws: Place, arn: str) -> dict[str, str] | None:
        """None where the repository is gone by now."""
        answer = await aws.call_unless(_NOT_FOUND, "ecr", "list_tags_for_resource", resourceArn=arn)
        return None if answer is None else tags.mapped(answer.get("tags", []))

    async def _policy(self, work: Work[EcrOptions]) -> str | None:
        absent = ("LifecyclePolicyNotFoundException", *_NOT_FOUND)
        answer = await work.aws.call_unless(absent, "ecr", "get_lifecycle_policy", repositoryName=work.name)
        return None if answer is None else str(answer.get(_POLICY, ""))

    def _state(self, options: EcrOptions, on_it: Mapping[str, str], policy: str | None) -> ResourceState:
        """What carries no state is somebody else's, and in use; what is not yet hot and lacks its policy, half-made."""
        if on_it.get(tags.STATE) != "warm":
            return ResourceState.HOT
        return ResourceState.BROKEN if lifecycle_policy(options) and policy is None else ResourceState.WARM

    async def _put_right(self, work: Work[EcrOptions], repository: Mapping[str, Any]) -> None:
        named = {"repositoryName": work.name}
        if _scans(repository) is not work.options.scan_on_push:
            scanning = {"scanOnPush": work.options.scan_on_push}
            await work.aws.call("ecr", "put_image_scanning_configuration", **named, imageScanningConfiguration=scanning)
        mutability = _MUTABILITY[work.options.immutable_tags]
        if repository.get("imageTagMutability") != mutability:
            await work.aws.call("ecr", "put_image_tag_mutability", **named, imageTagMutability=mutability)

    async def _put_policy(self, work: Work[EcrOptions]) -> None:
        wished = lifecycle_policy(work.options)
        if wished and not same_policy(await self._policy(work), wished):
            await work.aws.call("ecr", "put_lifecycle_policy", repositoryName=work.name, lifecyclePolicyText=wished)

    async def _tag(self, work: Work[EcrOptions], standing: Standing, state: str) -> StepDone:
        on_it = tags.listed(work.tags(state=state))
        return _done(await work.aws.call("ecr", "tag_resource", resourceArn=standing.arn, tags=on_it))


def _differences(options: EcrOptions, repository: Mapping[str, Any], policy: str | None) -> tuple[str, ...]:
    differences = []
    if _scans(repository) is not options.scan_on_push:
        differences.append(f"scan_on_push is {not options.scan_on_push}, the options wish {options.scan_on_push}")
    mutability = repository.get("imageTagMutability")
    if mutability != _MUTABILITY[options.immutable_tags]:
        differences.append(f"tags are {mutability}, the options wish {_MUTABILITY[options.immutable_tags]}")
    wished = lifecycle_policy(options)
    if wished and not same_policy(policy, wished):
        differences.append("the lifecycle policy is not the one that the options wish")
    return tuple(differences)


def _scans(repository: Mapping[str, Any]) -> bool:
    return bool(repository.get("imageScanningConfiguration", {}).get("scanOnPush", False))


def _done(answer: Answer | None) -> StepDone:
    return StepDone(str((answer or {}).get("ResponseMetadata", {}).get("RequestId", "")))
