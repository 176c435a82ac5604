"""A bucket that solvent did not make: it is refused and left as it was, and one that solvent made is listed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from machines.lifecycle_states import Step
from machines.observations import ResourceState
from machines.ports.faults import Ambiguous, Permanent
from machines.ports.mandate import Mandate
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import TOKEN
from tests.provisioners.aws.cloudfront_place import CREATE, OPTIONS, CloudFrontPlace
from tests.provisioners.aws.fault_proxy import Refusal
from tests.provisioners.aws.moto_place import REGION

BUCKET = "solvent-shop-web"
ASSETS = "company-assets"
OTHER_TOKEN = "svanothertoken000000000000000001"
REGIONS = [REGION, "us-east-1"]
PUBLIC = {"Sid": "public", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


@pytest.fixture
async def place(moto_port: int) -> AsyncIterator[CloudFrontPlace]:
    """An empty account."""
    with CloudFrontPlace(moto_port) as place:
        yield place
        await place.end()


def named(name: str = ASSETS, region: str = REGION) -> Resource:
    """A component with a bucket of this name that may be emptied."""
    return Resource("shop", "web", {"region": region, "bucket": name, "force_delete": True})


def made(place: CloudFrontPlace, region: str, name: str = ASSETS) -> Any:
    """Somebody makes a bucket in this region; a client there."""
    s3 = place.direct("s3", region)
    elsewhere: Any = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **({} if region == "us-east-1" else elsewhere))
    return s3


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("use", ["tags", "a policy", "objects"])
async def test_a_bucket_in_use_is_refused(place: CloudFrontPlace, region: str, use: str) -> None:
    """Where a bucket of the name holds anything of somebody else's, nothing of it is changed, in us-east-1 neither."""
    s3 = made(place, region)
    if use == "tags":
        s3.put_bucket_tagging(Bucket=ASSETS, Tagging={"TagSet": [{"Key": "team", "Value": "finance"}]})
    elif use == "a policy":
        statement = {**PUBLIC, "Resource": f"arn:aws:s3:::{ASSETS}/*"}
        s3.put_bucket_policy(Bucket=ASSETS, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    else:
        s3.put_object(Bucket=ASSETS, Key="ledger.csv", Body=b"years of data")
    image = place.image()

    with pytest.raises(Permanent, match=f"{ASSETS} is there already and has {use} that solvent knows nothing of"):
        await place.provisioner().take(Step.WARM, place.order(named(region=region)))

    assert place.image() == image


@pytest.mark.parametrize("region", REGIONS)
async def test_a_bucket_that_a_rival_made_since_the_look_stays_his(place: CloudFrontPlace, region: str) -> None:
    """us-east-1 answers as if it had made a bucket that is there: its tags say whose it is."""
    await place.provisioner().take(Step.WARM, place.order(named(region=region), OTHER_TOKEN))
    (distribution,) = place.summaries()
    etag = place.direct("cloudfront").get_distribution(Id=distribution["Id"])["ETag"]
    place.direct("cloudfront").delete_distribution(Id=distribution["Id"], IfMatch=etag)
    image = place.image()
    provisioner = place.provisioner()
    place.proxy.next(f"GET /{ASSETS}?tagging", Refusal("NoSuchBucket", 404))

    with pytest.raises(Permanent, match=OTHER_TOKEN):
        await provisioner.take(Step.WARM, place.order(named(region=region)))

    assert place.image() == image


async def test_an_empty_bucket_without_tags_is_taken_over(place: CloudFrontPlace) -> None:
    """A process that died between making and tagging its bucket is followed by one that goes on with it."""
    place.proxy.next(f"PUT /{BUCKET}?tagging", "lose_before")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.WARM, place.order(place.resource()))

    await place.walk(place.resource(), "warm")

    assert place.buckets()[BUCKET]["solvent:token"] == TOKEN


async def test_objects_in_a_bucket_without_tags_are_not_removed(place: CloudFrontPlace) -> None:
    """A bucket that was made anew by somebody else is left with its objects, whatever force_delete says."""
    await place.walk(named(), "warm")
    place.direct("s3").delete_bucket_tagging(Bucket=ASSETS)
    place.direct("s3").put_object(Bucket=ASSETS, Key="ledger.csv", Body=b"years of data")
    image = place.image()

    with pytest.raises(Permanent, match="holds objects and does not carry solvent's tags"):
        await place.provisioner().take(Step.DECOMMISSION, place.order(named()))

    assert place.image() == image


@pytest.mark.parametrize("name", [ASSETS, BUCKET])
async def test_a_bucket_that_lost_its_distribution_is_found(place: CloudFrontPlace, name: str) -> None:
    """A tagged bucket without a distribution is listed whatever its name is, and can be removed."""
    place.proxy.next(CREATE, "lose_before")
    with pytest.raises(Ambiguous):
        await place.provisioner().take(Step.WARM, place.order(named(name)))
    (found,) = await place.provisioner().list_resources("shop", (Resource("shop", "web", OPTIONS),))

    await place.provisioner().remove(found, Mandate())

    assert (found.name, found.component, found.token) == (f"arn:aws:s3:::{name}", "web", TOKEN)
    assert place.buckets() == {}


async def test_a_bucket_with_its_distribution_is_not_listed_for_itself(place: CloudFrontPlace) -> None:
    """A bucket of any name is listed by its distribution alone."""
    await place.walk(named(), "warm", "activate")

    (found,) = await place.provisioner().list_resources("shop", (named(),))

    assert found.name == place.summaries()[0]["ARN"]
    assert (await place.observer().observe(named())).state is ResourceState.HOT
