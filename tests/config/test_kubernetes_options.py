"""How the options of a kubernetes component are read, with the manifests beside the plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.errors import PlanError
from config.loading import plan_from_bytes
from config.plan import Component
from config.provisioner_options.kubernetes_manifests import MANIFEST_BYTES_MAX
from config.provisioner_options.kubernetes_shipped import shipped_manifests

PLAN = """\
plan: shop
currency: EUR
timezone: Europe/Rome
components:
  web: {monthly_cost: 5, provisioner: kubernetes, options: {OPTIONS}}
levels:
  - {id: floor, max_burn: 10, components: [web]}
"""
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: hunter2}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def component(folder: Path | None, options: str = "manifests: [web.yaml]") -> Component:
    """The component of a plan with these options."""
    return plan_from_bytes(PLAN.replace("OPTIONS", options).encode(), "shop.yaml", (), folder).components["web"]


def problem(folder: Path | None, options: str = "manifests: [web.yaml]") -> str:
    """The text of the one problem."""
    with pytest.raises(PlanError) as refused:
        component(folder, options)
    (only,) = refused.value.problems
    return only.text


def test_manifests_are_read_into_the_options(tmp_path: Path) -> None:
    """Each document of each file is an object of the loaded plan; what serves comes last."""
    (tmp_path / "web.yaml").write_text(f"{DEPLOYMENT}---\n---\n{SERVICE}")

    read = component(tmp_path)

    objects: list[dict[str, Any]] = read.options["objects"]
    assert ["Service", "Deployment"] == [each["kind"] for each in objects]
    assert objects[1]["spec"] == {"replicas": 3}
    assert read.provider == "kubernetes/kubernetes"


def test_every_option_is_read(tmp_path: Path) -> None:
    """Each option as it is written; the cluster names the failure domain."""
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)
    options = (
        "manifests: [web.yaml], namespace: shop, create_namespace: true, cluster: eks-main, kubeconfig: /etc/k, "
        "context: main, remove_on_cold: false, prune: false, ready_percent: 50"
    )

    read = component(tmp_path, options)

    del read.options["objects"]
    assert read.provider == "kubernetes/eks-main"
    assert read.options == {
        "manifests": ["web.yaml"],
        "namespace": "shop",
        "create_namespace": True,
        "cluster": "eks-main",
        "kubeconfig": "/etc/k",
        "context": "main",
        "remove_on_cold": False,
        "prune": False,
        "ready_percent": 50,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "web.yaml:1: expected a manifest in YAML"),
        ("a: !!python/name:os.system x", "web.yaml:1: expected a manifest in YAML"),
        ("just text", "web.yaml:1: kind: expected a Kubernetes object with a kind"),
        (DEPLOYMENT + "---\nmetadata: {name: x}\n", "web.yaml:6: kind: expected a Kubernetes object with a kind"),
        (DEPLOYMENT.replace("kind: Deployment", "kind: Deploiment"), "did you mean 'Deployment'"),
        (DEPLOYMENT.replace("apps/v1", "apps/v1beta1"), "apiVersion: expected apps/v1, found 'apps/v1beta1'"),
        (DEPLOYMENT.replace("{name: web}", "{}"), "metadata.name: expected a name of this Deployment"),
        (DEPLOYMENT.replace("name: web", "name: web, namespace: b"), "metadata.namespace: expected the namespace of"),
        (DEPLOYMENT.replace("replicas: 3", "replicas: 0"), "spec: expected replicas of at least 1"),
        (DEPLOYMENT + "---\n" + DEPLOYMENT, "expected each object once, found Deployment/web a second time"),
        ("", "expected a manifest with an object in it"),
        ("# nothing yet\n---\n", "expected a manifest with an object in it"),
        ("- a\n", "web.yaml:1: kind: expected a Kubernetes object with a kind"),
        (DEPLOYMENT.replace("apiVersion: apps/v1\n", ""), "apiVersion: expected apps/v1"),
        (DEPLOYMENT + "---\n" + SECRET, "expected no Secret, since manifests become a part of the journal"),
        (DEPLOYMENT + "---\n" + SECRET.replace("stringData", "data"), "let secretKeyRef or a volume name it"),
        (SERVICE, "at least one Deployment, StatefulSet, CronJob or Job"),
        ("#" * (MANIFEST_BYTES_MAX + 1), "manifests of at most 1048576 bytes in total"),
    ],
)
def test_an_unusable_manifest_is_one_problem(tmp_path: Path, text: str, said: str) -> None:
    """Each mistake is one problem with its place."""
    (tmp_path / "web.yaml").write_text(text)

    assert said in problem(tmp_path)


def test_what_a_secret_holds_is_not_repeated(tmp_path: Path) -> None:
    """The problem names the place, never the value."""
    (tmp_path / "web.yaml").write_text(f"{DEPLOYMENT}---\n{SECRET}")

    assert "hunter2" not in problem(tmp_path)


def test_configuration_is_no_secret(tmp_path: Path) -> None:
    """A ConfigMap may be in the manifests."""
    (tmp_path / "web.yaml").write_text(f"{DEPLOYMENT}---\n{SERVICE.replace('Service', 'ConfigMap')}data: {{a: b}}\n")

    assert {"a": "b"} == component(tmp_path).options["objects"][0]["data"]


@pytest.mark.parametrize("percent", ["0", "101", "half"])
def test_a_share_that_cannot_be_is_refused(tmp_path: Path, percent: str) -> None:
    """From 1 to 100 percent of the replicas."""
    (tmp_path / "web.yaml").write_text(DEPLOYMENT)

    assert "percent" in problem(tmp_path, f"manifests: [web.yaml], ready_percent: {percent}")


def test_a_manifest_needs_a_folder() -> None:
    """A plan that came from no file has nothing beside it."""
    assert "expected a plan that came from a file" in problem(None)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path as it was looked for."""
    assert "No such file or directory" in problem(tmp_path)


@pytest.mark.parametrize("path", ["/etc/passwd", "../web.yaml", "a/../../web.yaml"])
def test_a_manifest_lies_below_the_plan(tmp_path: Path, path: str) -> None:
    """No other file of the machine gets into a plan."""
    assert "below the plan's own folder" in problem(tmp_path, f"manifests: [{path}]")


@pytest.mark.parametrize("name", shipped_manifests())
def test_a_shipped_manifest_is_named_by_any_plan(name: str) -> None:
    """Also by one that came from no file."""
    read = component(None, f"manifests: ['shipped:{name}']")

    assert read.options["objects"]


def test_an_unknown_shipped_manifest_is_told_with_the_known_ones() -> None:
    """A misspelt name is no path below the plan."""
    said = problem(None, "manifests: ['shipped:valt_ha.yaml']")

    assert "shipped:vault_ha.yaml" in said
