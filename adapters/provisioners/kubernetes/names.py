"""The name of one object, as lists give it and as an operator adopts by it: `<cluster>/<namespace>/<Kind>/<name>`."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from adapters.provisioners.kubernetes.connections import Place
from adapters.provisioners.kubernetes.objects import Group, called, path_of
from config.provisioner_options.kubernetes_manifests import API_VERSIONS
from machines.ports.faults import Permanent

_PARTS: Final = 4


class Named(msgspec.Struct, frozen=True):
    """A name taken apart. Kubeconfig and context are what the list was made with, "" for the defaults."""

    place: Place
    namespace: str
    api_version: str
    kind: str
    name: str

    @property
    def path(self) -> str:
        """Where it stands on its server."""
        return path_of(self.api_version, self.kind, self.namespace, self.name)


def found_name(place: Place, namespace: str, api_version: str, kind: str, name: str) -> str:
    """The name under which an object is listed: whoever removes it may be a process that knows nothing else."""
    extra = {"kubeconfig": place.kubeconfig, "context": place.context}
    extra["api"] = api_version if api_version != API_VERSIONS[kind][0] else ""
    query = urlencode({key: value for key, value in extra.items() if value})
    return f"{place.cluster}/{namespace}/{kind}/{name}" + (f"?{query}" if query else "")


def read_name(text: str) -> Named:
    """The parts of a name; raises `Permanent` for any other text."""
    location, _, query = text.partition("?")
    parts, extra = location.split("/"), dict(parse_qsl(query))
    if len(parts) != _PARTS or parts[2] not in API_VERSIONS or not all(parts):
        raise Permanent(f"{text} is no name of a Kubernetes object: expected cluster/namespace/Kind/name")
    cluster, namespace, kind, name = parts
    place = Place(cluster, extra.get("kubeconfig", ""), extra.get("context", ""))
    return Named(place, namespace, extra.get("api") or API_VERSIONS[kind][0], kind, name)


def check_adopted(group: Group) -> None:
    """Hold the name under which a component was adopted against its options; "" is no name.

    Raises `Permanent` where the object is not one that the manifests name: it would be neither looked at nor switched.
    """
    text, options = group.resource.name, group.options
    if not text:
        return
    named = read_name(text)
    where = f"{group.name} is to adopt {text}"
    if named.place.cluster not in (options.cluster, options.context):
        raise Permanent(
            f"{where}, which is not in the cluster {options.cluster} of its options: adopt it by the name "
            f"{options.cluster}/{options.namespace}/{named.kind}/{named.name}, or mend `cluster`"
        )
    if named.namespace != options.namespace:
        raise Permanent(f"{where}, which is not in the namespace {options.namespace} of its options: mend `namespace`")
    known = [called(manifest) for manifest in options.objects]
    if f"{named.kind} {named.name}" not in known:
        raise Permanent(
            f"{where}, which its manifests do not name: write {named.kind} {named.name} into them as it stands, or "
            f"adopt one of {', '.join(known[:5])}"
        )
