"""The distributions and buckets of an emulated AWS."""

from __future__ import annotations

from typing import Any

from adapters.provisioners.aws.tags import TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.contracts.provisioner_harness import Trouble
from tests.provisioners.aws.moto_place import REGION, TROUBLES, MotoPlace

OPTIONS = {"region": REGION}
CREATE = "POST /2020-05-31/distribution"
LIST = "GET /2020-05-31/distribution"
GET = "GET /2020-05-31/distribution/ID"
UPDATE = "PUT /2020-05-31/distribution/ID/config"
DELETE = "DELETE /2020-05-31/distribution/ID"


class CloudFrontPlace(MotoPlace):
    """A bucket and its distribution, which warming makes one after the other."""

    kind = "aws_cloudfront"
    operations = {
        "observe": LIST,
        "warm": "PUT {bucket}",
        "activate": UPDATE,
        "deactivate": UPDATE,
        "decommission": DELETE,
    }
    operations_last = {"warm": "PUT {bucket}?policy", "decommission": "DELETE {bucket}"}
    creating = CREATE
    name_characters_max = 63

    def resource(self, component: str = "web") -> Resource:
        """A bucket behind a distribution."""
        return Resource("shop", component, OPTIONS)

    def name_of_nothing(self, resource: Resource) -> str:
        """A distribution that nobody made."""
        return "arn:aws:cloudfront::123456789012:distribution/E1NOSUCHTHING0"

    def arrange(self, call: str, trouble: Trouble, resource: Resource) -> None:
        """Half-made is a bucket without its distribution."""
        if trouble is Trouble.HALF:
            self.proxy.next(CREATE, "lose_before")
            return
        operation = self.operations[call]
        if trouble is Trouble.LOST_AFTER:
            operation = self.operations_last.get(call, operation)
        self.proxy.next(operation.format(bucket=f"/{self.name(resource)}"), TROUBLES[trouble])

    def tokens(self, resource: Resource) -> list[str]:
        """Of the distributions of the bucket, or of the bucket where it stands alone."""
        name = self.name(resource)
        on_distributions = [on_it for bucket, on_it in self.distributions() if bucket == name]
        alone = [on_it for bucket, on_it in self.buckets().items() if bucket == name and not on_distributions]
        return [on_it[TOKEN] for on_it in (*on_distributions, *alone) if TOKEN in on_it]

    def image(self) -> object:
        """Distributions with their tags and configurations, buckets with theirs and what is in them."""
        cloudfront, s3 = self.direct("cloudfront"), self.direct("s3")
        configs = {}
        for each in self.summaries():
            config = cloudfront.get_distribution(Id=each["Id"])["Distribution"]["DistributionConfig"]
            configs[each["Id"]] = (config, self._tags(each["ARN"]))
        held = {name: s3.list_objects_v2(Bucket=name).get("Contents", []) for name in self.buckets()}
        keys = {name: [(each["Key"], each["ETag"]) for each in objects] for name, objects in held.items()}
        policies = {name: self._policy(name) for name in self.buckets()}
        return configs, self.buckets(), keys, policies

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand, both."""
        for each in self.summaries():
            if each["Origins"]["Items"][0]["Id"] == self.name(resource):
                etag = self.direct("cloudfront").get_distribution(Id=each["Id"])["ETag"]
                self.direct("cloudfront").delete_distribution(Id=each["Id"], IfMatch=etag)
        self.direct("s3").delete_bucket(Bucket=self.name(resource))

    def write_data(self, resource: Resource, text: str) -> None:
        """A page."""
        self.direct("s3").put_object(Bucket=self.name(resource), Key="index.html", Body=text.encode())

    def data(self, resource: Resource) -> str:
        """The page, read by the bucket's owner."""
        answer = self.direct("s3").get_object(Bucket=self.name(resource), Key="index.html")
        with answer["Body"] as body:
            return str(body.read().decode())

    def summaries(self) -> list[Any]:
        """Of all distributions."""
        return list(self.direct("cloudfront").list_distributions()["DistributionList"].get("Items") or [])

    def distributions(self) -> list[tuple[str, dict[str, str]]]:
        """The bucket and the tags of each."""
        return [(each["Origins"]["Items"][0]["Id"], self._tags(each["ARN"])) for each in self.summaries()]

    def buckets(self) -> dict[str, dict[str, str]]:
        """The tags of each."""
        s3 = self.direct("s3")
        tags: dict[str, dict[str, str]] = {}
        for each in s3.list_buckets()["Buckets"]:
            try:
                tags[each["Name"]] = mapped(s3.get_bucket_tagging(Bucket=each["Name"])["TagSet"])
            except s3.exceptions.ClientError:
                tags[each["Name"]] = {}
        return tags

    def _tags(self, arn: str) -> dict[str, str]:
        return mapped(self.direct("cloudfront").list_tags_for_resource(Resource=arn)["Tags"].get("Items") or [])

    def _policy(self, name: str) -> str:
        s3 = self.direct("s3")
        try:
            return str(s3.get_bucket_policy(Bucket=name)["Policy"])
        except s3.exceptions.ClientError:
            return ""
