"""Pods say whose they are, so that what they cost can be told apart."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.provisioners.kubernetes.objects import Tag, wished

TAG = Tag("shop", "web", "a token", 3)
POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}
OWNED = {"app": "web", "solvent/plan": "shop", "solvent/component": "web"}


def labels(spec: dict[str, Any]) -> dict[str, str]:
    """Those of the pods that an object makes."""
    inner = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    found: dict[str, str] = inner["template"]["metadata"]["labels"]
    return found


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "Job", "CronJob"])
def test_pods_carry_plan_and_component(kind: str) -> None:
    """Beside their own labels, and without token and generation, which would restart them."""
    spec = {"jobTemplate": {"spec": {"template": POD}}} if kind == "CronJob" else {"template": POD}
    manifest = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web"}, "spec": spec}

    made = wished(manifest, TAG, on=True)

    assert made is not None
    assert OWNED == labels(made["spec"])
    assert {"app": "web"} == POD["metadata"]["labels"], "the manifest itself stays as it is"


@pytest.mark.parametrize("spec", [{}, {"template": None}, {"jobTemplate": {}}])
def test_what_has_no_pods_is_left_to_the_server(spec: dict[str, Any]) -> None:
    """A workload without a template is sent as it is: the server says what is wrong with it."""
    made = wished({"apiVersion": "apps/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": spec}, TAG, on=True)

    assert made is not None
    assert spec == made["spec"]
