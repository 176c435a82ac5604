"""The manifests that a component consists of: read when the plan is loaded, so that the journaled plan is complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from config.errors import shown
from config.provisioner_options.kubernetes_shipped import SHIPPED, shipped_bytes
from config.reading import Collector
from config.suggestions import did_you_mean, one_of_text
from config.yaml_composing import LimitedLoader
from config.yaml_tree import Place

MANIFEST_BYTES_MAX: Final = 1024 * 1024
"""All files of one component together: they become a part of the journaled plan."""
OBJECTS_MAX: Final = 200
DEPTH_MAX: Final = 40
ALIASES_MAX: Final = 100

API_VERSIONS: Final[dict[str, tuple[str, ...]]] = {
    "ConfigMap": ("v1",),
    "ServiceAccount": ("v1",),
    "PersistentVolumeClaim": ("v1",),
    "ResourceQuota": ("v1",),
    "LimitRange": ("v1",),
    "Role": ("rbac.authorization.k8s.io/v1",),
    "RoleBinding": ("rbac.authorization.k8s.io/v1",),
    "NetworkPolicy": ("networking.k8s.io/v1",),
    "PodDisruptionBudget": ("policy/v1", "policy/v1beta1"),
    "Service": ("v1",),
    "Ingress": ("networking.k8s.io/v1",),
    "StatefulSet": ("apps/v1",),
    "Deployment": ("apps/v1",),
    "CronJob": ("batch/v1", "batch/v1beta1"),
    "Job": ("batch/v1",),
}
"""The kinds that solvent applies, in the order in which it does: what serves comes last."""
SCALED: Final = frozenset({"Deployment", "StatefulSet", "CronJob", "Job"})
"""The kinds that are off in WARM and on in HOT."""
_SECRETS_ELSEWHERE: Final = (
    "no Secret, since manifests become a part of the journal: make it with kubectl or External Secrets, and let "
    "secretKeyRef or a volume name it"
)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def manifest_objects(
    paths: tuple[tuple[str, Place], ...], folder: Path | None, namespace: str, collector: Collector
) -> tuple[dict[str, Any], ...]:
    """The objects of all files in the order in which they are applied; every problem is reported with its file."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    left_bytes = MANIFEST_BYTES_MAX
    for path, place in paths:
        data = _bytes_of(path, folder, left_bytes, place, collector)
        if data is None:
            continue
        left_bytes -= len(data)
        file = path if folder is None else str(folder / path)
        for line, document in _documents(data, path, place, collector):
            key = _checked(document, Place(file, line, ""), namespace, collector)
            if key is None:
                continue
            if key in found:
                collector.report(Place(file, line, ""), "each object once", f"{'/'.join(key)} a second time")
            found.setdefault(key, document)
    if len(found) > OBJECTS_MAX:
        collector.report(paths[0][1], f"at most {OBJECTS_MAX} objects", f"{len(found)}")
    order = list(API_VERSIONS)
    return tuple(found[key] for key in sorted(found, key=lambda key: order.index(key[0])))


def _bytes_of(path: str, folder: Path | None, left_bytes: int, place: Place, collector: Collector) -> bytes | None:
    """What the file holds; None with one problem reported."""
    if path.startswith(SHIPPED):
        return shipped_bytes(path)
    if folder is None:
        collector.report(place, "a plan that came from a file, beside which manifests lie", shown(path))
        return None
    try:
        with (folder / path).open("rb") as file:
            data = file.read(left_bytes + 1)
    except OSError as error:
        found = f"{shown(str(folder / path))}: {error.strerror}"
        collector.report(place, "a readable file beside the plan: make it, or mend the path", found)
        return None
    if len(data) > left_bytes:
        collector.report(place, f"manifests of at most {MANIFEST_BYTES_MAX} bytes in total", "more")
        return None
    return data


def _documents(data: bytes, path: str, place: Place, collector: Collector) -> list[tuple[int, Any]]:
    """Each document with its first line, as plain JSON values; lists of objects (`kind: List`) are not followed."""
    documents: list[tuple[int, Any]] = []
    problems_before = len(collector.problems)
    try:
        parsed: Iterable[tuple[int, bytes]] = _shipped(path) if path.startswith(SHIPPED) else _parsed(data)
        for first_line, text in parsed:
            plain = msgspec.json.decode(text)
            if plain is not None:
                documents.append((first_line, plain))
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        problem = (error.problem or "text that is no YAML").replace("\n", " ")
        collector.report(Place(path, line, ""), "a manifest in YAML", problem)
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AssertionError, OverflowError, RecursionError) as error:
        collector.report(place, "a manifest in YAML", f"{shown(path)}: {type(error).__name__}")
    if not documents and len(collector.problems) == problems_before:
        collector.report(place, "a manifest with an object in it: write one, or take the file out", shown(path))
    return documents


def _parsed(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each document with its first line, as JSON: there a date becomes the text that Kubernetes expects."""
    loader = LimitedLoader(data.decode("utf-8-sig"))
    loader.depth_max, loader.aliases_max = DEPTH_MAX, ALIASES_MAX
    try:
        while loader.check_node():
            node = loader.get_node()
            yield (node.start_mark.line + 1 if node else 1), msgspec.json.encode(loader.construct_document(node))
    finally:
        loader.dispose()


@cache
def _shipped(path: str) -> tuple[tuple[int, bytes], ...]:
    """The same of a file that comes with us: there are few, and none changes while a process lives."""
    return tuple(_parsed(shipped_bytes(path)))


def _checked(document: Any, place: Place, namespace: str, collector: Collector) -> tuple[str, str] | None:
    """The kind and name of an object that can be applied; None with one problem reported."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        collector.report(place.under("kind"), "a Kubernetes object with a kind", "none")
        return None
    kind = document["kind"]
    if kind == "Secret":
        collector.report(place.under("kind"), _SECRETS_ELSEWHERE, "a Secret")
        return None
    if kind not in API_VERSIONS:
        found = shown(kind) + did_you_mean(kind, API_VERSIONS)
        collector.report(place.under("kind"), one_of_text(API_VERSIONS), found)
        return None
    if document.get("apiVersion") not in API_VERSIONS[kind]:
        expected = one_of_text(API_VERSIONS[kind])
        collector.report(place.under("apiVersion"), expected, shown(str(document.get("apiVersion"))))
        return None
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        collector.report(place.under("metadata").under("name"), f"a name of this {kind}", shown(str(name or "")))
        return None
    assert isinstance(metadata, dict)
    if metadata.get("namespace", namespace) != namespace:
        expected = f"the namespace of the options, {namespace}, or none"
        collector.report(place.under("metadata").under("namespace"), expected, shown(str(metadata["namespace"])))
        return None
    if problem := _unusable_spec(kind, document.get("spec")):
        collector.report(place.under("spec"), *problem)
        return None
    return kind, name


def _unusable_spec(kind: str, spec: Any) -> tuple[str, str] | None:
    if kind not in SCALED:
        return None
    if not isinstance(spec, dict):
        return f"what this {kind} is to run", "no spec"
    replicas = spec.get("replicas", 1)
    if kind in ("Deployment", "StatefulSet") and (
        isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 1
    ):
        return "replicas of at least 1, which serve when it is hot", shown(str(replicas))
    return None
