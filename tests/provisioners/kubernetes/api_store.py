"""An API server's objects in memory: server-side apply with owners, conflicts, selectors, preconditions."""

from __future__ import annotations

import copy
import itertools
import threading
from typing import Any

Reply = tuple[int, dict[str, Any]]
Leaf = tuple[str, ...]


class ApiStore:
    """Answers requests as an API server would; `kubelet` makes every Deployment ready at once."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {"/api/v1/namespaces/default": {"metadata": {"name": "default"}}}
        self.created: list[str] = []
        self.writes: list[tuple[str, str]] = []
        self.kubelet = True
        self.may = True
        self._owners: dict[str, dict[tuple[str, str], set[Leaf]]] = {}
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, query: dict[str, str], content_type: str, body: Any) -> Reply:
        """One request."""
        with self._lock:
            if path.endswith("selfsubjectaccessreviews"):
                return 201, {"status": {"allowed": self.may}}
            if method != "GET":
                self.writes.append((method, path))
            if method == "GET":
                return self._get(path, query)
            if method == "DELETE":
                return self._delete(path, body)
            if method == "POST":
                return self._create(f"{path}/{body['metadata']['name']}", body, (query["fieldManager"], "Update"))
            if "/namespaces/" in path and not self._has_namespace(path):
                return _failure(404, "NotFound", "namespaces not found")
            if content_type == "application/apply-patch+yaml":
                return self._apply(path, body, query["fieldManager"])
            return self._merge(path, body, query["fieldManager"])

    def _has_namespace(self, path: str) -> bool:
        return f"/api/v1/namespaces/{path.split('/namespaces/')[1].split('/', maxsplit=1)[0]}" in self.objects

    def _get(self, path: str, query: dict[str, str]) -> Reply:
        if path in self.objects:
            return 200, self.objects[path]
        if path.count("/") % 2 == (0 if path.startswith("/api/") else 1):
            return _failure(404, "NotFound", f"{path} not found")
        wanted = [pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair]
        items = [
            one
            for each, one in self.objects.items()
            if each.rpartition("/")[0] == path
            and all(one["metadata"].get("labels", {}).get(key) == value for key, value in wanted)
        ]
        return 200, {"items": items, "metadata": {}}

    def _delete(self, path: str, body: Any) -> Reply:
        if path not in self.objects:
            return _failure(404, "NotFound", f"{path} not found")
        uid = (body or {}).get("preconditions", {}).get("uid")
        if uid and uid != self.objects[path]["metadata"]["uid"]:
            return _failure(409, "Conflict", "the UID in the precondition is another")
        version = (body or {}).get("preconditions", {}).get("resourceVersion")
        if version and version != self.objects[path]["metadata"]["resourceVersion"]:
            return _failure(409, "Conflict", "the ResourceVersion in the precondition is another")
        del self.objects[path]
        self._owners.pop(path, None)
        return 200, {"status": "Success"}

    def _create(self, path: str, body: Any, manager: tuple[str, str]) -> Reply:
        if path in self.objects:
            return _failure(409, "AlreadyExists", f"{path} already exists")
        if path.count("/") > 4 and not self._has_namespace(path):
            return _failure(404, "NotFound", "namespaces not found")
        made = copy.deepcopy(body)
        made["metadata"] |= {"uid": f"uid-{next(self._versions)}", "creationTimestamp": "2024-01-01T00:00:00Z"}
        self.objects[path] = made
        self.created.append(path)
        self._owners[path] = {manager: set(dict(_leaves(body)))}
        self._written(path, spec_changed=True)
        return 201, made

    def _apply(self, path: str, body: Any, name: str) -> Reply:
        uid, version = (body["metadata"].pop(key, None) for key in ("uid", "resourceVersion"))
        manager, leaves = (name, "Apply"), dict(_leaves(body))
        if path not in self.objects:
            if uid:
                return _failure(409, "Conflict", "uid mismatch: no existing object was found")
            if version and body["kind"] == "Service":  # as servers of 1.20 and 1.22
                return _failure(500, "", "resourceVersion should not be set on objects to be created")
            return self._create(path, body, manager)
        if version not in (None, self.objects[path]["metadata"]["resourceVersion"]):
            return _failure(409, "Conflict", "the object has been modified")
        one, owners = self.objects[path], self._owners[path]
        causes = [
            {"reason": "FieldManagerConflict", "message": f'conflict with "{other}"', "field": "." + ".".join(leaf)}
            for (other, operation), owned in owners.items()
            if (other, operation) != manager
            for leaf in sorted(owned & set(leaves))
            if _value(one, leaf) != leaves[leaf]
        ]
        if causes:
            status, reply = _failure(409, "Conflict", "Apply failed")
            return status, {**reply, "details": {"causes": causes}}
        spec = copy.deepcopy(one.get("spec"))
        for leaf in owners.get(manager, set()) - set(leaves):
            if not any(leaf in owned for each, owned in owners.items() if each != manager):
                _put(one, leaf, None)
        for leaf, value in leaves.items():
            _put(one, leaf, value)
        owners[manager] = set(leaves)
        self._written(path, spec_changed=spec != one.get("spec"))
        return 200, one

    def _merge(self, path: str, body: Any, name: str) -> Reply:
        if path not in self.objects:
            return _failure(404, "NotFound", f"{path} not found")
        one, version = self.objects[path], body["metadata"].pop("resourceVersion", None)
        if version not in (None, one["metadata"]["resourceVersion"]):
            return _failure(409, "Conflict", "the object has been modified")
        entries = body["metadata"].pop("managedFields", None)
        self.update(path, body, name)
        if entries is not None:
            owners = {(each["manager"], each["operation"]): _owned_in(each["fieldsV1"]) for each in entries}
            self._owners[path] = owners
            self._written(path, spec_changed=False)
        return 200, one

    def update(self, path: str, body: Any, name: str) -> None:
        """Somebody writes fields, which makes them his."""
        one = self.objects[path]
        spec = copy.deepcopy(one.get("spec"))
        for leaf, value in _leaves(body):
            if _value(one, leaf) != value:
                _put(one, leaf, value)
                for owned in self._owners[path].values():
                    owned.discard(leaf)
                self._owners[path].setdefault((name, "Update"), set()).add(leaf)
        self._written(path, spec_changed=spec != one.get("spec"))

    def _written(self, path: str, *, spec_changed: bool) -> None:
        one = self.objects[path]
        metadata = one["metadata"]
        metadata["resourceVersion"] = str(next(self._versions))
        metadata["generation"] = metadata.get("generation", 0) + int(spec_changed)
        metadata["managedFields"] = [
            {"manager": name, "operation": operation, "fieldsV1": _tree(owned)}
            for (name, operation), owned in self._owners[path].items()
            if owned
        ]
        if self.kubelet and one.get("kind") in ("Deployment", "StatefulSet"):
            count = one["spec"]["replicas"]
            one["status"] = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas"), count)
            one["status"]["observedGeneration"] = metadata["generation"]


def _leaves(value: Any, path: Leaf = ()) -> list[tuple[Leaf, Any]]:
    if not isinstance(value, dict):
        return [(path, copy.deepcopy(value))]
    found = [leaf for key, child in value.items() for leaf in _leaves(child, (*path, key))]
    return [(leaf, each) for leaf, each in found if leaf not in (("apiVersion",), ("kind",), ("metadata", "name"))]


def _value(one: Any, leaf: Leaf) -> Any:
    for key in leaf:
        one = one.get(key) if isinstance(one, dict) else None
    return one


def _put(one: dict[str, Any], leaf: Leaf, value: Any) -> None:
    for key in leaf[:-1]:
        one = one.setdefault(key, {})
    if value is None:
        one.pop(leaf[-1], None)
    else:
        one[leaf[-1]] = value


def _tree(leaves: set[Leaf]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for leaf in sorted(leaves):
        node = tree
        for key in leaf:
            node = node.setdefault(f"f:{key}", {})
    return tree


def _owned_in(tree: dict[str, Any], path: Leaf = ()) -> set[Leaf]:
    if not tree:
        return {path}
    return {leaf for key, node in tree.items() for leaf in _owned_in(node, (*path, key.removeprefix("f:")))}


def _failure(status: int, reason: str, message: str) -> Reply:
    return status, {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": status}
