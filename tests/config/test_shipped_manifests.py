"""The manifests that come with solvent are ones that may go into a cluster as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.loading import load_plan
from config.provisioner_options.kubernetes_shipped import shipped_bytes, shipped_manifests

MANIFESTS = pytest.mark.parametrize("name", shipped_manifests())
PINNED = re.compile(r"[a-z0-9.-]+(/[a-z0-9-]+)+:[a-z-]*v?\d+\.\d+\.\d+")


def objects(name: str) -> list[dict[str, Any]]:
    """Every object of a file."""
    return [each for each in yaml.safe_load_all(shipped_bytes(name)) if each]


def pods(name: str) -> Iterator[dict[str, Any]]:
    """The pod of each workload."""
    for each in objects(name):
        if "template" in each.get("spec", {}):
            yield each["spec"]["template"]["spec"]


def containers(name: str) -> Iterator[dict[str, Any]]:
    """Every container."""
    for pod in pods(name):
        yield from pod.get("initContainers", [])
        yield from pod["containers"]


def test_each_is_called_by_a_component() -> None:
    """The name of the file is the id of a component of the plan `autobroker`."""
    components = load_plan("autobroker").components

    assert [] == [name for name in shipped_manifests() if name.removesuffix(".yaml") not in components]


@MANIFESTS
def test_each_is_in_the_documents(name: str) -> None:
    """The page of the kind tells what each is for."""
    page = Path(__file__).parents[2] / "docs" / "provisioners" / "kubernetes.md"

    assert f"`shipped:{name}`" in page.read_text(encoding="utf-8")


@MANIFESTS
def test_each_says_what_it_is_and_what_it_needs(name: str) -> None:
    """The head comment names what the operator provides."""
    head = shipped_bytes(name).decode().partition("\napiVersion")[0]

    assert all(line.startswith("#") for line in head.splitlines())
    assert "# What you provide" in head


@MANIFESTS
def test_images_are_pinned(name: str) -> None:
    """A public image with a whole version, never `latest`."""
    assert [] == [each["image"] for each in containers(name) if not PINNED.fullmatch(each["image"])]


@MANIFESTS
def test_resources_are_bounded(name: str) -> None:
    """Requests for the scheduler, and a limit of memory."""
    for each in containers(name):
        assert {"cpu", "memory"} <= each["resources"]["requests"].keys()
        assert "memory" in each["resources"]["limits"]


@MANIFESTS
def test_containers_may_do_nothing_they_need_not(name: str) -> None:
    """No root, no capability, no writable root, no more privileges later."""
    for pod in pods(name):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for each in containers(name):
        wished = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert wished == each["securityContext"]


@MANIFESTS
def test_what_serves_is_probed(name: str) -> None:
    """Every container that listens has a readiness and a liveness probe."""
    for each in containers(name):
        assert not each.get("ports") or {"readinessProbe", "livenessProbe"} <= each.keys()


@MANIFESTS
def test_what_there_are_several_of_has_a_disruption_budget(name: str) -> None:
    """And what there is one of has none, since it would keep its node from being drained."""
    selectors = [each["spec"]["selector"] for each in objects(name) if each["kind"] == "PodDisruptionBudget"]
    several = [each["spec"]["selector"] for each in objects(name) if each.get("spec", {}).get("replicas", 1) > 1]

    assert several == selectors


@MANIFESTS
def test_each_pod_has_a_network_policy(name: str) -> None:
    """One that selects the pods of each workload."""
    selected = [each["spec"]["podSelector"] for each in objects(name) if each["kind"] == "NetworkPolicy"]
    workloads = [each["spec"]["selector"] for each in objects(name) if "template" in each.get("spec", {})]

    assert all(each in selected for each in workloads)


def test_vault_keeps_its_quorum_apart() -> None:
    """Three servers, never two on one node."""
    (vault,) = [each for each in objects("vault_ha.yaml") if each["kind"] == "StatefulSet"]
    rules = vault["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"]

    assert 3 == vault["spec"]["replicas"]
    assert ["kubernetes.io/hostname"] == [
        each["topologyKey"] for each in rules["requiredDuringSchedulingIgnoredDuringExecution"]
    ]


def test_monitoring_asks_for_metrics_that_there_are() -> None:
    """Alerts and dashboards name metrics of docs/metrics.md; an alert has name and expression of the shipped one."""
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    files = {each["metadata"]["name"]: each["data"] for each in objects("advanced_monitoring.yaml") if "data" in each}
    rules = yaml.safe_load(files["prometheus-config"]["rules.yml"])["groups"][0]["rules"]
    panels = json.loads(files["grafana-dashboards"]["solvent.json"])["panels"]
    asked = [rule["expr"] for rule in rules] + [each["expr"] for panel in panels for each in panel["targets"]]
    metrics = {re.split(r"[^a-z0-9_]", text)[0] for text in asked} - {"up"}

    assert [] == [metric for metric in sorted(metrics) if f"`{metric}`" not in page]
    alerts = Path(__file__).parents[2] / "config" / "prometheus" / "alerts.yaml"
    shipped = yaml.safe_load(alerts.read_text(encoding="utf-8"))["groups"]
    expressions = {rule["alert"]: rule["expr"] for group in shipped for rule in group["rules"]}
    assert {rule["alert"]: rule["expr"] for rule in rules}.items() <= expressions.items()


def test_monitoring_is_configured_in_yaml_that_can_be_read() -> None:
    """The files inside of the files."""
    texts = [text for each in objects("advanced_monitoring.yaml") for text in each.get("data", {}).items()]

    assert all(yaml.safe_load(text) for name, text in texts if name.endswith((".yaml", ".yml")))
