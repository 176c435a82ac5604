"""The container registry of an emulated AWS."""

from __future__ import annotations

import json

from adapters.provisioners.aws.tags import TOKEN, mapped
from machines.ports.provisioner import Resource
from tests.provisioners.aws.moto_place import REGION, MotoPlace

OPTIONS = {"region": REGION, "keep_images": 10}


class EcrPlace(MotoPlace):
    """Repositories that wish a lifecycle policy, so that making one takes two calls."""

    kind = "aws_ecr"
    operations = {
        "observe": "DescribeRepositories",
        "warm": "CreateRepository",
        "activate": "TagResource",
        "deactivate": "TagResource",
        "decommission": "DeleteRepository",
    }
    operations_last = {"warm": "PutLifecyclePolicy"}
    half = ("PutLifecyclePolicy", "lose_before")
    creating = "CreateRepository"

    def resource(self, component: str = "web") -> Resource:
        """A repository."""
        return Resource("shop", component, OPTIONS)

    def tokens(self, resource: Resource) -> list[str]:
        """Of the one repository."""
        return [on_it.get(TOKEN, "") for name, on_it in self._repositories().items() if name == self.name(resource)]

    def image(self) -> object:
        """Repositories with tags, policies and images."""
        ecr = self.direct("ecr")
        image = {}
        for name, on_it in self._repositories().items():
            images = ecr.list_images(repositoryName=name)["imageIds"]
            try:
                policy = ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
            except ecr.exceptions.LifecyclePolicyNotFoundException:
                policy = None
            image[name] = (on_it, policy, images)
        return image

    def vanish(self, resource: Resource) -> None:
        """Deleted by hand."""
        self.direct("ecr").delete_repository(repositoryName=self.name(resource), force=True)

    def write_data(self, resource: Resource, text: str) -> None:
        """An image whose tag is the text."""
        media = "application/vnd.docker.distribution.manifest.v2+json"
        config = {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": "sha256:" + "0" * 64,
            "size": 2,
        }
        manifest = {"schemaVersion": 2, "mediaType": media, "config": config, "layers": []}
        self.direct("ecr").put_image(
            repositoryName=self.name(resource), imageManifest=json.dumps(manifest), imageTag=text.replace(" ", "-")
        )

    def data(self, resource: Resource) -> str:
        """The tags of all images."""
        images = self.direct("ecr").list_images(repositoryName=self.name(resource))["imageIds"]
        return " ".join(image["imageTag"].replace("-", " ") for image in images)

    def _repositories(self) -> dict[str, dict[str, str]]:
        ecr = self.direct("ecr")
        return {
            each["repositoryName"]: mapped(ecr.list_tags_for_resource(resourceArn=each["repositoryArn"])["tags"])
            for each in ecr.describe_repositories()["repositories"]
        }
