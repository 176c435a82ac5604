"""Options of a group of Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from config import values
from config.errors import ReadingError, shown
from config.provisioner_options.kubernetes_manifests import SCALED, manifest_objects
from config.provisioner_options.kubernetes_shipped import SHIPPED, shipped_manifests
from config.provisioner_options.options_kind import Context, OptionsKind
from config.reading import Fields
from config.suggestions import one_of_text

CLUSTER_DEFAULT: Final = "kubernetes"
PATH_CHARACTERS_MAX: Final = 1_024
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"


class KubernetesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which objects, in which cluster. `objects` holds what the files of `manifests` said when the plan was loaded."""

    manifests: tuple[str, ...]
    objects: tuple[dict[str, Any], ...]
    namespace: str = "default"
    create_namespace: bool = False
    cluster: str = CLUSTER_DEFAULT
    """What messages, the failure domain and the names of resources call the cluster."""
    kubeconfig: str = ""
    """An absolute path; "" is the cluster in which the daemon runs, else the default kubeconfig."""
    context: str = ""
    """"" is the current context of the kubeconfig."""
    remove_on_cold: bool = True
    """False keeps everything but the workloads when the component goes cold."""
    prune: bool = True
    """Whether objects that earlier manifests named and the present ones do not are deleted by the next step: what no
    plan names any more may serve nobody and goes on to cost. Claims for storage are never deleted so."""
    ready_percent: int = 100
    """How much of a Deployment's or StatefulSet's replicas must be ready for it to count as serving, in percent."""


def kubernetes_options(options: Mapping[str, Any]) -> KubernetesOptions:
    """The options of a loaded plan's `kubernetes` component; raises `msgspec.ValidationError` for any other."""
    return msgspec.convert(dict(options), KubernetesOptions)


def _read(fields: Fields, context: Context) -> KubernetesOptions:
    namespace = fields.optional("namespace", values.matching(_LABEL, "the name of a namespace"), "default")
    paths = fields.texts("manifests", _manifest_path, required=True)
    problems_before = len(fields.collector.problems)
    objects = manifest_objects(paths, context.folder, namespace, fields.collector)
    is_sound = paths and len(fields.collector.problems) == problems_before
    if is_sound and not any(each["kind"] in SCALED for each in objects):
        expected = "at least one Deployment, StatefulSet, CronJob or Job in the manifests"
        fields.collector.report(fields.place_of("manifests"), expected, f"{len(objects)} other objects")
    return KubernetesOptions(
        manifests=tuple(path for path, _ in paths),
        objects=objects,
        namespace=namespace,
        create_namespace=fields.optional("create_namespace", values.boolean, default=False),
        cluster=fields.optional(
            "cluster",
            values.matching(r"[a-z][a-z0-9-]{0,40}", "a name such as kubernetes or eks-main"),
            CLUSTER_DEFAULT,
        ),
        kubeconfig=fields.optional("kubeconfig", values.matching(r"/[^\x00-\x1f]{0,1023}", "an absolute path"), ""),
        context=fields.optional("context", values.line_text, ""),
        remove_on_cold=fields.optional("remove_on_cold", values.boolean, default=True),
        prune=fields.optional("prune", values.boolean, default=True),
        ready_percent=fields.optional("ready_percent", values.integer(1, 100, "percent"), 100),
    )


def _manifest_path(text: str) -> str:
    """One that comes with solvent, or below the plan's folder: a plan is one folder that can be moved and reviewed."""
    if text.startswith(SHIPPED):
        known = [f"{SHIPPED}{name}" for name in shipped_manifests()]
        if text not in known:
            raise ReadingError(f"a manifest that comes with solvent: {one_of_text(known)}", shown(text))
        return text
    unusable = not text.isprintable() or not text.strip() or len(text) > PATH_CHARACTERS_MAX
    if unusable or text.startswith("/") or ".." in text.split("/"):
        expected = f"the path of a file below the plan's own folder, such as manifests/web.yaml, or {SHIPPED}NAME.yaml"
        raise ReadingError(expected, shown(text))
    return text


def _provider(options: KubernetesOptions) -> str:
    return f"kubernetes/{options.cluster}"


KIND: Final = OptionsKind(_read, _provider, place=("cluster", "context", "namespace"))
