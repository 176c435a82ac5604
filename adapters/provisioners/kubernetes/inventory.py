"""What a component's record remembers of earlier manifests: the objects that were applied and are not wished any more.

Lists of every kind at every look would find the same at a dozen requests; the record is read anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from adapters.provisioners.kubernetes.objects import Group, called, path_of
from config.provisioner_options.kubernetes_manifests import API_VERSIONS

FIELD: Final = "objects"
"""The key of the record's data: a line `<apiVersion> <Kind> <name>` for each object."""
NEVER_PRUNED: Final = frozenset({"PersistentVolumeClaim"})
"""What they hold outlives the manifests that asked for them."""


class Entry(msgspec.Struct, frozen=True, order=True):
    """One object that was applied."""

    api_version: str
    kind: str
    name: str

    @property
    def text(self) -> str:
        """As a line of the record."""
        return f"{self.api_version} {self.kind} {self.name}"

    @property
    def called(self) -> str:
        """`Deployment web`."""
        return f"{self.kind} {self.name}"

    def path(self, group: Group) -> str:
        """Where it stands."""
        return path_of(self.api_version, self.kind, group.options.namespace, self.name)


def entry_of(one: dict[str, Any]) -> Entry:
    """Of a manifest."""
    return Entry(one["apiVersion"], one["kind"], one["metadata"]["name"])


def inventory_text(group: Group, former: Iterable[Entry]) -> str:
    """The record's text: what the manifests name, and what is still to be pruned."""
    entries = {entry_of(manifest) for manifest in group.options.objects} | set(former)
    return "\n".join(each.text for each in sorted(entries) if each.kind not in NEVER_PRUNED)


def former_entries(group: Group, record: dict[str, Any] | None) -> list[Entry]:
    """What the record names and the manifests do not; lines that cannot be read name nothing."""
    text = str(((record or {}).get("data") or {}).get(FIELD, ""))
    wished = {called(manifest) for manifest in group.options.objects}
    entries = [Entry(*words) for words in map(str.split, text.splitlines()) if len(words) == 3]
    return [
        each
        for each in entries
        if each.called not in wished
        and each.api_version in API_VERSIONS.get(each.kind, ())
        and each.kind not in NEVER_PRUNED
        and "/" not in each.name
    ]
