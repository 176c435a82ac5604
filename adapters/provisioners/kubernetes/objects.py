"""What solvent sends: a component's objects with its labels, off or on, and the record that is made first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from adapters.provisioners.kubernetes.connections import Place
from config.provisioner_options.kubernetes import KubernetesOptions, kubernetes_options
from config.provisioner_options.kubernetes_manifests import SCALED
from machines.ports.faults import Permanent
from machines.ports.provisioner import Resource

PLAN: Final = "solvent/plan"
COMPONENT: Final = "solvent/component"
TOKEN: Final = "solvent/token"  # noqa: S105 - the name of a label
GENERATION: Final = "solvent/generation"
FENCING: Final = "solvent/fencing"
"""The name of an annotation: the highest fencing token under which an object, or anything of a plan, was changed."""
PLURALS: Final = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}
RECORD_KIND: Final = "ConfigMap"


class Tag(msgspec.Struct, frozen=True):
    """What every object of a component carries."""

    plan: str
    component: str
    token: str
    generation: int

    @property
    def labels(self) -> dict[str, str]:
        """As labels."""
        return {
            PLAN: label_text(self.plan),
            COMPONENT: label_text(self.component),
            TOKEN: self.token,
            GENERATION: str(self.generation),
        }


class Group(msgspec.Struct, frozen=True):
    """A component as this kind sees it."""

    resource: Resource
    options: KubernetesOptions

    @property
    def name(self) -> str:
        """`plan/component`."""
        return f"{self.resource.plan}/{self.resource.component}"

    @property
    def place(self) -> Place:
        """Which API server."""
        return Place(self.options.cluster, self.options.kubeconfig, self.options.context)

    @property
    def record_name(self) -> str:
        """Of the ConfigMap that is created first: whoever made it is the one who makes the rest."""
        return f"solvent.{dns_text(self.resource.plan)}.{dns_text(self.resource.component)}"

    @property
    def record_path(self) -> str:
        """Where it stands."""
        return path_of("v1", RECORD_KIND, self.options.namespace, self.record_name)

    def path(self, manifest: dict[str, Any]) -> str:
        """Where an object of the manifests stands."""
        name = manifest["metadata"]["name"]
        return path_of(manifest["apiVersion"], manifest["kind"], self.options.namespace, name)


def group_of(resource: Resource) -> Group:
    """The component's objects; raises `Permanent` for options that are not this kind's."""
    name = f"{resource.plan}/{resource.component}"
    try:
        return Group(resource, kubernetes_options(resource.options))
    except msgspec.ValidationError as error:
        raise Permanent(f"{name}: its options are not those of a kubernetes component: {error}") from error


def path_of(api_version: str, kind: str, namespace: str, name: str = "") -> str:
    """The path of an object, or of the list of its kind."""
    root = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
    plural = PLURALS.get(kind, f"{kind.lower()}s")
    return f"{root}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def label_text(text: str) -> str:
    """An id as a label's value, which must end with a letter or digit and has at most 63 characters."""
    return text if len(text) <= 63 and text[-1:].isalnum() else f"{text[:60]}-0"


def dns_text(text: str) -> str:
    """An id as a part of a name: `_` and `-` become different words, so that two ids never meet."""
    return text.replace("-", "-0").replace("_", "-1") + ("" if text[-1:].isalnum() else "0")


def record(group: Group, tag: Tag, objects: str = "") -> dict[str, Any]:
    """The ConfigMap that says whose the component is, and by `inventory` what it consists of."""
    return {
        "apiVersion": "v1",
        "kind": RECORD_KIND,
        "metadata": {"name": group.record_name, "labels": tag.labels},
        "data": {"plan": tag.plan, "component": tag.component, "objects": objects},
    }


def annotated(fencing: int) -> dict[str, Any]:
    """The annotation of a fencing token, as a part of an object's metadata."""
    return {"annotations": {FENCING: str(fencing)}}


def fencing_of(live: dict[str, Any] | None) -> int:
    """The fencing token that an object carries; 0 where it carries none, or is not there."""
    found = (((live or {}).get("metadata") or {}).get("annotations") or {}).get(FENCING, "")
    return int(found) if found.isascii() and found.isdigit() else 0


def wished(manifest: dict[str, Any], tag: Tag, *, on: bool) -> dict[str, Any] | None:
    """The object to apply; None where it must not be there: a Job that is off (API 1.20 cannot suspend one)."""
    kind = manifest["kind"]
    if kind == "Job" and not on:
        return None
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    metadata["labels"] = {**(metadata.get("labels") or {}), **tag.labels}
    made = {key: value for key, value in manifest.items() if key != "status"} | {"metadata": metadata}
    if kind in SCALED:
        made["spec"] = _with_pod_labels(manifest["spec"], tag)
    if kind in ("Deployment", "StatefulSet"):
        made["spec"]["replicas"] = replicas(manifest) if on else 0
    if kind == "CronJob":
        made["spec"]["suspend"] = not on
    return made


def _with_pod_labels(spec: dict[str, Any], tag: Tag) -> dict[str, Any]:
    """The spec whose pods say whose they are, for whoever counts what they cost.

    Without token and generation: a change of those would restart the pods. What lacks a template the server refuses.
    """
    if isinstance(job := spec.get("jobTemplate"), dict) and isinstance(job.get("spec"), dict):
        return {**spec, "jobTemplate": {**job, "spec": _with_pod_labels(job["spec"], tag)}}
    template = spec.get("template")
    if not isinstance(template, dict):
        return dict(spec)
    metadata = template.get("metadata") or {}
    owner = {PLAN: label_text(tag.plan), COMPONENT: label_text(tag.component)}
    labelled = {**metadata, "labels": {**(metadata.get("labels") or {}), **owner}}
    return {**spec, "template": {**template, "metadata": labelled}}


def replicas(manifest: dict[str, Any]) -> int:
    """How many a Deployment or StatefulSet is to have when hot."""
    return int(manifest["spec"].get("replicas", 1))


def is_scaled(manifest: dict[str, Any]) -> bool:
    """Whether it is off in WARM."""
    return manifest["kind"] in SCALED


def labels_of(live: dict[str, Any]) -> dict[str, str]:
    """The labels of a live object."""
    return (live.get("metadata") or {}).get("labels") or {}


def is_of(group: Group, live: dict[str, Any]) -> bool:
    """Whether the object carries the component's labels."""
    labels = labels_of(live)
    plan, component = label_text(group.resource.plan), label_text(group.resource.component)
    return (labels.get(PLAN), labels.get(COMPONENT)) == (plan, component)


def called(manifest: dict[str, Any]) -> str:
    """`Deployment web`."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"
