"""Groups of Kubernetes objects: applied at zero replicas when WARM, at the wished count when HOT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.provisioners.kubernetes.observing import KubernetesObserver
from adapters.provisioners.kubernetes.preflight import preflight
from adapters.provisioners.kubernetes.stepping import KubernetesProvisioner

if TYPE_CHECKING:
    from adapters.provisioners.registry import Surroundings

__all__ = ["KubernetesObserver", "KubernetesProvisioner", "observer", "preflight", "provisioner"]


def observer(surroundings: Surroundings) -> KubernetesObserver:
    """The half that only sends GET."""
    return KubernetesObserver(surroundings.clock, surroundings.environment)


def provisioner(surroundings: Surroundings) -> KubernetesProvisioner:
    """The whole."""
    return KubernetesProvisioner(surroundings.clock, surroundings.environment)
