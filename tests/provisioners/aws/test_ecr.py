"""What is a repository's own: its policy, its images, adoption, and what is said before the first call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from adapters.provisioners.aws.names import name_of
from adapters.provisioners.registry import preflight_of
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepDone
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.ecr_place import OPTIONS, EcrPlace
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.moto_place import REGION


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[EcrPlace]:
    """An empty account."""
    with EcrPlace(moto_port) as place:
        yield place
        await place.end()


@pytest.mark.parametrize(("force", "stateful"), [(False, False), (False, True), (True, True)])
async def test_images_are_not_lost_by_the_way(place: EcrPlace, force: bool, stateful: bool) -> None:
    """A repository with images is not removed, and one that keeps data not even with force_delete."""
    resource = Resource("shop", "web", {**OPTIONS, "force_delete": force}, stateful=stateful)
    await place.walk(resource, "warm")
    place.write_data(resource, "release 1")

    with pytest.raises(Permanent, match="still holds images"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert place.data(resource) == "release 1"


async def test_images_go_where_the_options_say_so(place: EcrPlace) -> None:
    """With force_delete, decommissioning removes the images too."""
    resource = Resource("shop", "web", {**OPTIONS, "force_delete": True})
    await place.walk(resource, "warm")
    place.write_data(resource, "release 1")

    await place.walk(resource, "decommission")

    assert place.image() == {}


async def test_drift_is_seen_and_put_right(place: EcrPlace) -> None:
    """What somebody changed by hand shows as differences; activating again puts it right."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    name = place.name(resource)
    place.direct("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    place.direct("ecr").delete_lifecycle_policy(repositoryName=name)
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, 2) == (drifted.state, len(drifted.differences))
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_an_adopted_repository_is_hot_and_takes_the_token(place: EcrPlace) -> None:
    """A repository that solvent did not make is in use; activating it by its ARN puts the token on it."""
    made = place.direct("ecr").create_repository(repositoryName="team/shop")["repository"]
    resource = Resource("shop", "web", {"region": REGION}, name=made["repositoryArn"])
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert (ResourceState.HOT, ("",)) == (before.state, before.tokens)
    assert (ResourceState.HOT, (TOKEN,)) == (seen.state, seen.tokens)


async def test_own_tags_stand_beside_solvents(place: EcrPlace) -> None:
    """The operator's tags are put on what is made."""
    resource = Resource("shop", "web", {"region": REGION, "tags": {"team": "web"}})
    await place.walk(resource, "warm")

    ((tags, _, _),) = place.image().values()  # type: ignore[attr-defined]  # ours is a dict

    assert {"team": "web", "solvent:plan": "shop", "solvent:component": "web"}.items() <= tags.items()
    assert {"solvent:token": TOKEN, "solvent:generation": "1"}.items() <= tags.items()


async def test_an_orphan_with_images_stays(place: EcrPlace) -> None:
    """Removing an orphan never takes images with it."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.write_data(resource, "release 1")
    (found,) = await place.provisioner().list_resources("shop", (resource,))

    with pytest.raises(Permanent, match="still holds images"):
        await place.provisioner().remove(found, Mandate())


async def test_an_orphan_that_found_an_owner_stays(place: EcrPlace) -> None:
    """What carries another token than when it was listed is not removed."""
    resource = place.resource()
    await place.walk(resource, "warm")
    (found,) = await place.provisioner().list_resources("shop", (resource,))
    await call(place.provisioner(), "activate", place.order(resource, "svanothertoken000000000000000001"))

    with pytest.raises(Permanent, match="list again"):
        await place.provisioner().remove(found, Mandate())

    assert place.tokens(resource) == ["svanothertoken000000000000000001"]


async def test_a_lost_race_to_remove_is_done(place: EcrPlace) -> None:
    """Where somebody else removed the repository between look and act, it is removed."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next("DeleteRepository", "rival")

    answer = await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert isinstance(answer, StepDone)
    assert place.tokens(resource) == []


def test_names_are_legal_and_apart() -> None:
    """Names keep to the length and to single hyphens, and no two components share one."""
    components = [
        ("my-shop", "web"),
        ("my_shop", "web"),
        ("my", "shop_web"),
        ("s" * 64, "c" * 64),
        ("s" * 64, "d" * 64),
    ]
    names = [name_of(Resource(plan, component), 40) for plan, component in components]

    assert names[0] == "solvent-my-shop-web"
    assert len(set(names)) == len(names)
    assert all(len(name) <= 40 and "--" not in name and "_" not in name for name in names)


async def test_nothing_to_say_beforehand(place: EcrPlace) -> None:
    """Where region and credentials are right, preflight is silent."""
    assert await preflight_of("aws_ecr", [place.resource()], place.surroundings()) == ()


async def test_an_unknown_region_is_named(place: EcrPlace) -> None:
    """A region that boto3 does not know is named with the nearest one that it knows."""
    resource = Resource("shop", "web", {"region": "eu-centrol-1"})

    (sentence,) = await preflight_of("aws_ecr", [resource], place.surroundings())

    assert "eu-centrol-1" in sentence
    assert "eu-central-1" in sentence


async def test_expired_credentials_are_said(place: EcrPlace) -> None:
    """Preflight says that credentials have expired."""
    place.proxy.next("GetCallerIdentity", Refusal("ExpiredToken", 403))

    (sentence,) = await preflight_of("aws_ecr", [place.resource()], place.surroundings())

    assert "have expired: renew them" in sentence


async def test_an_unknown_profile_is_said(place: EcrPlace) -> None:
    """A profile that is not in the configuration is named."""
    surroundings = place.surroundings(AWS_PROFILE="no-such-profile")

    (sentence,) = await preflight_of("aws_ecr", [place.resource()], surroundings)

    assert "no-such-profile" in sentence


async def test_credentials_that_come_later_are_found(
    place: EcrPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look without credentials says so; once they are written down, the same adapter goes on."""
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bare = msgspec.structs.replace(place.surroundings(), environment={"AWS_ENDPOINT_URL": place.proxy.url})
    observer = place.observer_with(bare)
    with pytest.raises(Transient, match="no AWS credentials were found"):
        await observer.observe(place.resource())

    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")

    assert (await observer.observe(place.resource())).state is ResourceState.ABSENT


async def test_a_step_answers_with_awss_request_id(place: EcrPlace) -> None:
    """The answer of a step carries the provider's own name of the call."""
    answer = await place.provisioner().take(Step.WARM, place.order(place.resource()))

    assert isinstance(answer, StepDone)
    assert answer.request_id
