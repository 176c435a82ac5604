"""A real API server for tests, and what a kubelet would do for its pods."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

SCRIPT_VARIABLE = "TEST_KUBERNETES_API_SERVER"
START_LIMIT_S = 60
PORT_TRIES_MAX = 50
READY_ROUNDS_MAX = 200
ROUND_S = 0.05
_WORKLOAD = re.compile(r"/apis/apps/v1/namespaces/([^/]+)/(?:deployments|statefulsets)/([^/]+)")


class RealApiServer:
    """Runs the script `SCRIPT DIRECTORY PORT` until it is stopped; the script prints `ready URL token=… ca=…`."""

    def __init__(self, script: str, directory: Path) -> None:
        self.namespaces = itertools.count(1)
        port = _free_ports(3)  # the script starts etcd on the two above its own
        with (directory / "errors.log").open("wb") as errors:
            self._process = subprocess.Popen(
                [script, str(directory), str(port)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                env={**os.environ},
            )
        assert self._process.stdout is not None
        words = self._process.stdout.readline().split()
        if words[:1] != ["ready"]:
            self._end()
            raise AssertionError(f"{script} did not start: see {directory}")
        said = dict(word.split("=", 1) for word in words[2:])
        self.url, self.token, self.ca_file = words[1], said["token"], said["ca"]
        self._headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        self._pool = urllib3.PoolManager(ca_certs=self.ca_file, retries=False, timeout=START_LIMIT_S)

    def stop(self) -> None:
        """End the script with what it started."""
        self._pool.clear()
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            # In order it would wait 20 s for an etcd that ended before it; what it holds is thrown away.
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=START_LIMIT_S)

    def answer(
        self, method: str, path: str, query: dict[str, str], content_type: str, body: Any
    ) -> tuple[int, dict[str, Any]]:
        """Hand a request on; after a write to a workload be the kubelet until its pods are as it says."""
        headers = {**self._headers, **({"Content-Type": content_type} if content_type else {})}
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        response = self._pool.request(method, url, body=data, headers=headers)
        answered = json.loads(response.data)
        if method == "PATCH" and response.status < 300 and (found := _WORKLOAD.fullmatch(path)):
            self.settle(found[1], path)
        return response.status, answered

    def send(self, method: str, path: str, body: Any, content_type: str = "application/json") -> dict[str, Any]:
        """A request of our own, which must succeed."""
        status, answered = self.answer(method, path, {}, content_type, body)
        assert status < 300, answered
        return answered

    def deployments_created(self, namespace: str, name: str) -> int:
        """How many uids of this name the server's log of changes knows."""
        events = self.send("GET", f"/api/v1/namespaces/{namespace}/events", None)["items"]
        uids = {
            event["involvedObject"]["uid"]
            for event in events
            if (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == ("Deployment", name)
        }
        live = self.answer("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}", {}, "", None)
        if live[0] == 200:
            uids.add(live[1]["metadata"]["uid"])
        return len(uids)

    def settle(self, namespace: str, path: str) -> None:
        """Be the kubelet until a workload's pods are as it says."""
        for _ in range(READY_ROUNDS_MAX):
            one = self.send("GET", path, None)
            status, count = one.get("status") or {}, one["spec"]["replicas"]
            seen = status.get("observedGeneration") == one["metadata"]["generation"]
            if seen and status.get("readyReplicas", 0) == count == status.get("replicas", 0):
                return
            for pod in self.send("GET", f"/api/v1/namespaces/{namespace}/pods", None)["items"]:
                self._make_ready(pod)
            threading.Event().wait(ROUND_S)  # for controllers in real time
        raise AssertionError(f"{path} did not settle")

    def _make_ready(self, pod: dict[str, Any]) -> None:
        metadata = pod["metadata"]
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": metadata["creationTimestamp"]}
        if any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", [])):
            return
        path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
        body = {"status": {"phase": "Running", "conditions": [ready]}}
        self.answer("PATCH", path, {}, "application/strategic-merge-patch+json", body)


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    for _ in range(PORT_TRIES_MAX):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError, OverflowError):
            first = 0
            for number in range(count):
                probe = probes.enter_context(socket.socket())
                probe.bind(("127.0.0.1", first + number))
                first = first or probe.getsockname()[1]
            return first
    raise AssertionError(f"{count} free ports in a row were not found")
