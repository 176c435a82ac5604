"""What a cluster has otherwise than its options wish, in the order in which it is put right: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from config.provisioner_options.aws_eks_cluster import EksClusterOptions

Version = tuple[int, int]


class Update(msgspec.Struct, frozen=True):
    """One update that EKS takes; it is at work on one at a time."""

    difference: str
    operation: str
    """The boto3 method, called with the cluster's name and `parameters`."""
    parameters: dict[str, Any]


def updates(options: EksClusterOptions, cluster: Mapping[str, Any]) -> tuple[Update, ...]:
    """What is still to be updated; `cluster` is as DescribeCluster shows it. () for options that wish nothing."""
    network = cluster.get("resourcesVpcConfig", {})
    found = [_endpoint(options, network), *_lists(options, network), _version(options, str(cluster.get("version", "")))]
    return tuple(update for update in found if update is not None)


def note(options: EksClusterOptions, cluster: Mapping[str, Any]) -> str:
    """What differs and no update of solvent's puts right; "" where nothing does."""
    runs = str(cluster.get("version", ""))
    stands, wished = _minor(runs), _minor(options.version)
    if stands is None or wished is None or stands == wished:
        return ""
    if stands > wished:
        return f"runs Kubernetes {runs}, the options wish {options.version}: EKS takes no version back"
    if not options.upgrade:
        return (
            f"runs Kubernetes {runs}, the options wish {options.version}: set upgrade: true to let solvent upgrade it"
        )
    return ""


def _endpoint(options: EksClusterOptions, network: Mapping[str, Any]) -> Update | None:
    if not options.role_arn:
        return None  # options that wish nothing: those of an orphan
    public, private = bool(network.get("endpointPublicAccess", True)), bool(network.get("endpointPrivateAccess", False))
    if (public, private) == (options.endpoint_public, options.endpoint_private):
        return None
    return Update(
        f"the endpoint is {_reach(public, private)}, the options wish "
        f"{_reach(options.endpoint_public, options.endpoint_private)}",
        "update_cluster_config",
        {
            "resourcesVpcConfig": {
                "endpointPublicAccess": options.endpoint_public,
                "endpointPrivateAccess": options.endpoint_private,
            }
        },
    )


def _lists(options: EksClusterOptions, network: Mapping[str, Any]) -> tuple[Update, ...]:
    """Subnets and security groups go in one update; where none are wished, those that stand are left alone."""
    wished = {"subnetIds": options.subnets, "securityGroupIds": options.security_groups}
    said = {"subnetIds": "subnets", "securityGroupIds": "security groups"}
    differ = [key for key, ids in wished.items() if ids and set(ids) != set(network.get(key, ()))]
    if not differ:
        return ()
    sentences = [
        f"the {said[key]} are {_joined(network.get(key, ()))}, the options wish {_joined(wished[key])}"
        for key in differ
    ]
    given = {key: list(ids) for key, ids in wished.items() if ids}
    return (Update("; ".join(sentences), "update_cluster_config", {"resourcesVpcConfig": given}),)


def _version(options: EksClusterOptions, runs: str) -> Update | None:
    """One minor version at a time: EKS takes no other."""
    stands, wished = _minor(runs), _minor(options.version)
    if not options.upgrade or stands is None or wished is None or stands >= wished:
        return None
    return Update(
        f"runs Kubernetes {runs}, the options wish {options.version}",
        "update_cluster_version",
        {"version": f"{stands[0]}.{stands[1] + 1}"},
    )


def _minor(version: str) -> Version | None:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


def _reach(public: bool, private: bool) -> str:
    return {(True, True): "public and private", (True, False): "public", (False, True): "private"}.get(
        (public, private), "closed"
    )


def _joined(ids: Any) -> str:
    return ", ".join(sorted(ids)) or "none"
