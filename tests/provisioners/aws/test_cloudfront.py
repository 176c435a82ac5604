"""What is a distribution's own: its bucket, its deployments, rivals, adoption, and what is never deleted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.provisioners.registry import preflight_of
from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, CallError, Permanent, Transient
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource, StepBegun
from tests.contracts.provisioner_harness import TOKEN, call
from tests.provisioners.aws.cloudfront_place import CREATE, DELETE, GET, OPTIONS, UPDATE, CloudFrontPlace
from tests.provisioners.aws.delays import Delay, Delays
from tests.provisioners.aws.fault_proxy import Refusal

BUCKET = "solvent-shop-web"
OTHER_TOKEN = "svanothertoken000000000000000001"
DEPLOYED, IN_PROGRESS = "<Status>Deployed</Status>", "<Status>InProgress</Status>"


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[CloudFrontPlace]:
    """An empty account."""
    with CloudFrontPlace(moto_port) as place:
        yield place
        await place.end()


def deploying(change: str) -> Delays:
    """After this change CloudFront deploys for two looks."""
    return Delays(Delay(change, GET, DEPLOYED, IN_PROGRESS), looks=2)


def standing(place: CloudFrontPlace) -> Any:
    """The one distribution."""
    (summary,) = place.summaries()
    return place.direct("cloudfront").get_distribution(Id=summary["Id"])["Distribution"]


def written(place: CloudFrontPlace, **changes: Any) -> None:
    """Somebody changes the configuration by hand."""
    cloudfront = place.direct("cloudfront")
    (summary,) = place.summaries()
    answer = cloudfront.get_distribution_config(Id=summary["Id"])
    config = {**answer["DistributionConfig"], **changes}
    cloudfront.update_distribution(Id=summary["Id"], IfMatch=answer["ETag"], DistributionConfig=config)


async def test_warm_is_a_closed_bucket_behind_a_disabled_distribution(place: CloudFrontPlace) -> None:
    """Warm serves nobody: the distribution is off, and nobody else may read the bucket."""
    await place.walk(place.resource(), "warm")

    distribution, s3 = standing(place), place.direct("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    blocked = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    (statement,) = policy["Statement"]
    assert distribution["DistributionConfig"]["Enabled"] is False
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": distribution["ARN"]}}
    assert all(blocked.values())


async def test_the_caller_reference_does_not_hang_on_the_token(place: CloudFrontPlace) -> None:
    """Whoever makes a generation asks with the same reference, so that CloudFront makes one."""
    await call(place.provisioner(), "warm", place.order(place.resource(), OTHER_TOKEN, generation=3))

    assert standing(place)["DistributionConfig"]["CallerReference"] == f"{BUCKET}/3"


@pytest.mark.parametrize(
    ("steps", "step", "change", "goal"),
    [
        ((), Step.WARM, CREATE, ResourceState.WARM),
        (("warm",), Step.ACTIVATE, UPDATE, ResourceState.HOT),
        (("warm", "activate"), Step.DEACTIVATE, UPDATE, ResourceState.WARM),
    ],
)
async def test_a_deployment_is_begun_and_seen_to_its_end(
    place: CloudFrontPlace, steps: tuple[str, ...], step: Step, change: str, goal: ResourceState
) -> None:
    """While CloudFront deploys, a look shows CHANGING under the token and when to look again."""
    resource = place.resource()
    await place.walk(resource, *steps)
    place.proxy.delays = deploying(change)
    provisioner = place.provisioner()

    answer = await provisioner.take(step, place.order(resource))
    looks = [await provisioner.observe(resource) for _ in range(3)]

    assert isinstance(answer, StepBegun)
    assert [seen.state for seen in looks] == [ResourceState.CHANGING, ResourceState.CHANGING, goal]
    assert (looks[0].tokens, looks[0].look_after_s) == ((TOKEN,), 60)


async def test_nothing_is_removed_while_it_is_deployed(place: CloudFrontPlace) -> None:
    """CloudFront deletes only what is deployed: before that the step is ambiguous and asks nothing."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.proxy.delays = deploying(UPDATE)
    await place.provisioner().take(Step.DEACTIVATE, place.order(resource))

    with pytest.raises(Ambiguous, match="InProgress"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert place.proxy.served[DELETE] == 0


async def test_a_rival_change_is_looked_at_again(place: CloudFrontPlace) -> None:
    """Where somebody else changed the distribution since the look, nothing is overwritten; the next round does it."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next(UPDATE, Refusal("PreconditionFailed", 412))

    answer = await place.provisioner().take(Step.ACTIVATE, place.order(resource))
    await place.walk(resource, "activate")

    assert isinstance(answer, StepBegun)
    assert "somebody else changed it" in answer.detail
    assert (await place.observer().observe(resource)).state is ResourceState.HOT


async def test_a_rival_that_made_the_distribution_is_looked_for(place: CloudFrontPlace) -> None:
    """Where the reference is taken since the look, there is one distribution and no error."""
    place.proxy.next(CREATE, "rival")

    await place.walk(place.resource(), "warm")

    assert len(place.summaries()) == 1
    assert (await place.observer().observe(place.resource())).state is ResourceState.WARM


@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        (f"PUT /{BUCKET}", Refusal("BucketAlreadyExists", 409, "The requested bucket name is not available.")),
        (f"GET /{BUCKET}?tagging", Refusal("AccessDenied", 403, "Access Denied")),
    ],
)
async def test_a_name_that_is_somebody_elses_is_refused(
    place: CloudFrontPlace, operation: str, refusal: Refusal
) -> None:
    """Names of buckets are the whole world's: a taken one is refused for good with what to do, and nothing is made."""
    place.proxy.next(operation, refusal)

    with pytest.raises(Permanent, match=f"where the bucket {BUCKET} is not yours, choose another name"):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))

    assert (place.summaries(), place.buckets()) == ([], {})


async def test_the_bucket_may_have_another_name(place: CloudFrontPlace) -> None:
    """The option bucket names it, through the whole life."""
    resource = Resource("shop", "web", {**OPTIONS, "bucket": "shop-pages-4711"})

    await place.walk(resource, "warm", "activate")
    names = list(place.buckets())
    await place.walk(resource, "deactivate", "decommission")

    assert names == ["shop-pages-4711"]
    assert (place.summaries(), place.buckets()) == ([], {})


@pytest.mark.parametrize(("force", "stateful"), [(False, False), (False, True), (True, True)])
async def test_objects_are_not_lost_by_the_way(place: CloudFrontPlace, force: bool, stateful: bool) -> None:
    """A bucket with objects is not removed, nor its distribution; one that keeps data not even with force_delete."""
    resource = Resource("shop", "web", {**OPTIONS, "force_delete": force}, stateful=stateful)
    await place.walk(resource, "warm")
    place.write_data(resource, "release 1")
    image = place.image()

    with pytest.raises(Permanent, match="still holds objects"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))

    assert place.image() == image


async def test_objects_go_where_the_options_say_so(place: CloudFrontPlace) -> None:
    """With force_delete the objects go too, older versions of them as well."""
    resource = Resource("shop", "web", {**OPTIONS, "force_delete": True})
    await place.walk(resource, "warm")
    place.direct("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.write_data(resource, "release 1")
    place.write_data(resource, "release 2")

    await place.walk(resource, "decommission")

    assert (place.summaries(), place.buckets()) == ([], {})


async def test_a_removal_that_stopped_half_way_goes_on(place: CloudFrontPlace) -> None:
    """A bucket whose distribution is gone is broken; decommissioning again removes it."""
    resource = place.resource()
    await place.walk(resource, "warm")
    place.proxy.next(f"DELETE /{BUCKET}", "lose_before")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.DECOMMISSION, place.order(resource))
    half = await place.observer().observe(resource)

    await place.walk(resource, "decommission")

    assert (half.state, half.tokens) == (ResourceState.BROKEN, (TOKEN,))
    assert place.buckets() == {}


async def test_drift_is_seen_and_put_right(place: CloudFrontPlace) -> None:
    """Changes by hand of distribution and bucket show as differences; activating again puts them right."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    written(place, PriceClass="PriceClass_All", DefaultRootObject="home.html")
    place.direct("s3").delete_bucket_policy(Bucket=BUCKET)
    place.direct("s3").delete_public_access_block(Bucket=BUCKET)
    drifted = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    assert len(drifted.differences) == 4
    assert "PriceClass is PriceClass_All, the options wish PriceClass_100" in drifted.differences
    assert (ResourceState.HOT, ()) == (seen.state, seen.differences)


async def test_statements_of_others_stay_in_the_policy(place: CloudFrontPlace) -> None:
    """What an operator added to the bucket's policy stays when solvent's own statement is put right."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    other = {"Sid": "audit", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": other})
    place.direct("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy)

    await place.walk(resource, "activate")

    statements = json.loads(place.direct("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert {each["Sid"] for each in statements} == {"audit", "solvent"}


def by_hand(place: CloudFrontPlace) -> str:
    """A distribution that somebody made, with settings of its own; its ARN."""
    behaviour = {
        "TargetOriginId": "web",
        "ViewerProtocolPolicy": "allow-all",
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }
    origin = {"Id": "web", "DomainName": "www.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {
        "CallerReference": "made by hand",
        "Comment": "by hand",
        "Enabled": True,
        "PriceClass": "PriceClass_All",
        "DefaultRootObject": "home.html",
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
    }
    created = place.direct("cloudfront").create_distribution(DistributionConfig=config)
    return str(created["Distribution"]["ARN"])


async def test_an_adopted_distribution_keeps_its_own_settings(place: CloudFrontPlace) -> None:
    """One adopted by its ARN is switched, and changed only in what its options name; no bucket is made or touched."""
    options = {**OPTIONS, "price_class": "PriceClass_200"}
    resource = Resource("shop", "web", options, name=by_hand(place))
    before = await place.observer().observe(resource)

    await place.walk(resource, "activate")

    seen = await place.observer().observe(resource)
    config = standing(place)["DistributionConfig"]
    assert (ResourceState.HOT, ("",), 1) == (before.state, before.tokens, len(before.differences))
    assert (ResourceState.HOT, (TOKEN,), ()) == (seen.state, seen.tokens, seen.differences)
    assert (config["PriceClass"], config["DefaultRootObject"]) == ("PriceClass_200", "home.html")
    assert place.buckets() == {}


@pytest.mark.parametrize("name", ["arn:aws:cloudfront::123456789012:function/rewrite", "shop.example.com"])
async def test_what_is_no_distribution_is_not_adopted(place: CloudFrontPlace, name: str) -> None:
    """Another name is refused for good, with what to adopt instead."""
    with pytest.raises(Permanent, match="adopt one by its ARN"):
        await place.observer().observe(Resource("shop", "web", OPTIONS, name=name))


async def test_an_orphan_that_serves_is_disabled_first(place: CloudFrontPlace) -> None:
    """Removing an enabled distribution takes two orders: it is disabled, and once that is deployed, removed."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    (found,) = await place.provisioner().list_resources("shop", (resource,))

    first = await place.provisioner().remove(found, Mandate())
    between = await place.observer().observe(resource)
    await place.provisioner().remove(found, Mandate())

    assert isinstance(first, StepBegun)
    assert between.state is ResourceState.WARM
    assert (place.summaries(), place.buckets()) == ([], {})


async def test_an_orphan_with_objects_stays(place: CloudFrontPlace) -> None:
    """Removing an orphan never takes objects with it, nor the distribution that serves them."""
    resource = place.resource()
    await place.walk(resource, "warm", "activate")
    place.write_data(resource, "release 1")
    (found,) = await place.provisioner().list_resources("shop", (resource,))

    with pytest.raises(Permanent, match="still holds objects"):
        await place.provisioner().remove(found, Mandate())

    assert standing(place)["DistributionConfig"]["Enabled"] is True


async def test_a_distribution_is_listed_once(place: CloudFrontPlace) -> None:
    """CloudFront is everywhere: of components in two regions each distribution is listed with its bucket's."""
    here = place.resource()
    there = Resource("shop", "database", {"region": "eu-west-1"})
    await place.walk(here, "warm")

    found = await place.provisioner().list_resources("shop", (here, there))

    assert [each.component for each in found] == ["web"]


@pytest.mark.parametrize(
    ("refusal", "word"),
    [
        (Refusal("Throttling", 400), Transient),
        (Refusal("AccessDenied", 403), Permanent),
        (Refusal("TooManyDistributionCNAMEs", 400), Permanent),
        (Refusal("CNAMEAlreadyExists", 409), Permanent),
        (Refusal("InternalError", 500), Ambiguous),
        (Refusal("ServiceUnavailable", 503), Transient),
    ],
)
@pytest.mark.parametrize("operation", [CREATE, f"PUT /{BUCKET}?publicAccessBlock"])
async def test_refusals_in_xml_are_read(
    place: CloudFrontPlace, operation: str, refusal: Refusal, word: type[CallError]
) -> None:
    """CloudFront and S3 word their refusals in XML, each in its own: the code decides the word."""
    place.proxy.next(operation, refusal)

    with pytest.raises(word) as refused:
        await place.provisioner().take(Step.WARM, place.order(place.resource()))

    assert type(refused.value) is word
    assert refusal.code in refused.value.reason
    assert "arranged by the test" in refused.value.reason


async def test_nothing_to_say_beforehand(place: CloudFrontPlace) -> None:
    """Where region and credentials are right, preflight is silent; a bucket's region is one of S3's."""
    assert await preflight_of("aws_cloudfront", [place.resource()], place.surroundings()) == ()


async def test_an_adopted_distribution_that_is_gone_is_not_made_anew(place: CloudFrontPlace) -> None:
    """Ids are CloudFront's to give: warming under one that is gone is refused for good, and nothing is made."""
    resource = Resource("shop", "web", OPTIONS, name=place.name_of_nothing(place.resource()))

    with pytest.raises(Permanent, match="give the name up"):
        await place.provisioner().take(Step.WARM, place.order(resource))

    assert place.buckets() == {}
