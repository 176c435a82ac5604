"""Options of a repository of Amazon ECR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

IMAGES_MAX: Final = 100_000
DAYS_MAX: Final = 3_650


class EcrOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A private repository of container images."""

    region: str
    keep_images: int = 0
    """How many images the lifecycle policy keeps, newest first; 0 keeps all."""
    expire_untagged_days: int = 0
    """After how many days the lifecycle policy removes images without a tag; 0 keeps them."""
    scan_on_push: bool = False
    immutable_tags: bool = False
    force_delete: bool = False
    """Whether decommissioning also removes the images; otherwise a repository that holds any is refused."""
    tags: dict[str, str] = {}


def ecr_options(options: Mapping[str, Any]) -> EcrOptions:
    """The options of a loaded plan's `aws_ecr` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), EcrOptions)


def _read(fields: Fields, context: Context) -> EcrOptions:
    del context
    return EcrOptions(
        region=region_read(fields),
        keep_images=fields.optional("keep_images", values.integer(0, IMAGES_MAX, "images"), 0),
        expire_untagged_days=fields.optional("expire_untagged_days", values.integer(0, DAYS_MAX, "days"), 0),
        scan_on_push=fields.optional("scan_on_push", values.boolean, False),
        immutable_tags=fields.optional("immutable_tags", values.boolean, False),
        force_delete=fields.optional("force_delete", values.boolean, False),
        tags=tags_read(fields),
    )


KIND: Final = OptionsKind(_read, provider_of, place=("region",))
