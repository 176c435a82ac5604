"""Options of a cluster's control plane at Amazon EKS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.provisioner_options.aws import provider_of, region_read, tags_read
from config.provisioner_options.aws_eks import role_arn, security_groups_read, subnets_read
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields

SUBNETS_MIN: Final = 2
_version: Final = values.matching(r"1\.[1-9]\d?", "a version of Kubernetes such as 1.33")


class EksClusterOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A control plane without nodes."""

    region: str
    role_arn: str = ""
    subnets: tuple[str, ...] = ()
    version: str = ""
    """Kubernetes' minor version; "" takes EKS's present default and leaves it."""
    upgrade: bool = False
    """Whether a cluster that runs an older version is upgraded, one minor version after the other."""
    security_groups: tuple[str, ...] = ()
    endpoint_public: bool = True
    endpoint_private: bool = False
    tags: dict[str, str] = {}


def eks_cluster_options(options: Mapping[str, Any]) -> EksClusterOptions:
    """The options of a loaded plan's `aws_eks_cluster` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), EksClusterOptions)


def _read(fields: Fields, context: Context) -> EksClusterOptions:
    del context
    read = EksClusterOptions(
        region=region_read(fields),
        role_arn=fields.required("role_arn", role_arn) or "",
        subnets=subnets_read(fields, SUBNETS_MIN),
        version=fields.optional("version", _version, ""),
        upgrade=fields.optional("upgrade", values.boolean, False),
        security_groups=security_groups_read(fields),
        endpoint_public=fields.optional("endpoint_public", values.boolean, True),
        endpoint_private=fields.optional("endpoint_private", values.boolean, False),
        tags=tags_read(fields),
    )
    if not read.endpoint_public and not read.endpoint_private:
        fields.collector.report(
            fields.place_of("endpoint_private"), "true, where endpoint_public is false", "no endpoint at all"
        )
    if read.upgrade and not read.version:
        fields.collector.report(fields.place_of("upgrade"), "version beside it", "no such key")
    return read


KIND: Final = OptionsKind(_read, provider_of, place=("region",))
