#!/usr/bin/env python3
"""A component as a Flux Kustomization: `<path>/warm` and `<path>/hot` of a Git repository, switched by solvent.

Usage: flux_step.py --source REPOSITORY --path PATH [--namespace flux-system] [--wait-s 240] STEP
STEP is observe, warm, activate, deactivate or decommission; SOLVENT_TARGET is the Kustomization's name.

`<path>/warm` has everything with zero replicas, `<path>/hot` the same at work. Flux applies whichever is named, and
prunes what the other one had. Needs Python's standard library and `kubectl` with a context of its own (KUBECONFIG of
the wrapper, or the default one).

Ends as solvent reads it: 0 done; 75 refused for now, nothing was changed; other: refused for good, nothing was
changed; by its own SIGTERM: unknown, Flux may still be at work.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from typing import Any

STATE_AFTER = {"warm": "warm", "activate": "hot", "deactivate": "warm"}
RESOURCE = "kustomizations.kustomize.toolkit.fluxcd.io"
PASSING = ("connection refused", "timeout", "timed out", "TooManyRequests", "etcdserver", "ServiceUnavailable")
EXIT_REFUSED, EXIT_LATER = 1, 75


def kubectl(*arguments: str, told: str = "") -> subprocess.CompletedProcess[str]:
    """One run; what it complains of is passed on."""
    ended = subprocess.run(["kubectl", *arguments], capture_output=True, text=True, check=False, input=told)
    sys.stderr.write(ended.stderr)
    return ended


def refuse(ended: subprocess.CompletedProcess[str]) -> None:
    """Leave after a run that changed nothing and failed."""
    sys.exit(EXIT_LATER if any(word in ended.stderr for word in PASSING) else EXIT_REFUSED)


def unknown() -> None:
    """Leave after a run that may have changed something: solvent must look before it does anything else."""
    os.kill(os.getpid(), signal.SIGTERM)


def found(name: str, namespace: str) -> dict[str, Any] | None:
    """The Kustomization as it stands; None where there is none."""
    ended = kubectl("get", RESOURCE, name, "-n", namespace, "-o", "json", "--ignore-not-found")
    if ended.returncode != 0:
        refuse(ended)
    seen: dict[str, Any] | None = json.loads(ended.stdout) if ended.stdout.strip() else None
    return seen


def observation(seen: dict[str, Any], path: str) -> dict[str, Any]:
    """What solvent reads of a Kustomization."""
    metadata, spec, status = seen["metadata"], seen["spec"], seen.get("status", {})
    tokens = [metadata.get("annotations", {}).get("solvent/token", "")]
    ready: dict[str, Any] = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
    settled = status.get("observedGeneration") == metadata.get("generation")
    told = {"tokens": tokens, "detail": ready.get("message", "")}
    if metadata.get("deletionTimestamp") or not settled or ready.get("status", "Unknown") == "Unknown":
        return {"state": "changing", **told}
    if ready["status"] == "False":
        return {"state": "broken", **told}
    state = next((each for each in ("warm", "hot") if spec["path"].rstrip("/") == f"{path}/{each}"), "")
    if not state:
        return {"state": "broken", **told, "detail": f"it applies {spec['path']}, expected {path}/warm or {path}/hot"}
    told["foreign_writer"] = "somebody suspended it: flux resume kustomization" if spec.get("suspend") else ""
    return {"state": state, **told}


def manifest(name: str, asked: argparse.Namespace, state: str) -> str:
    """The Kustomization as it should stand."""
    wished = {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {
            "name": name,
            "namespace": asked.namespace,
            "annotations": {
                "solvent/plan": os.environ["SOLVENT_PLAN"],
                "solvent/component": os.environ["SOLVENT_COMPONENT"],
                "solvent/token": os.environ["SOLVENT_TOKEN"],
                "solvent/generation": os.environ.get("SOLVENT_GENERATION", ""),
            },
        },
        "spec": {
            "interval": "10m",
            "path": f"{asked.path}/{state}",
            "prune": True,
            "wait": True,
            "sourceRef": {"kind": "GitRepository", "name": asked.source},
        },
    }
    return json.dumps(wished)


def main() -> None:
    """Read the arguments and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, help="the GitRepository")
    parser.add_argument("--path", required=True, help="the folder that holds warm/ and hot/")
    parser.add_argument("--namespace", default="flux-system")
    parser.add_argument("--wait-s", type=int, default=240, help="how long Flux may take before the end is unknown")
    parser.add_argument("action", choices=["observe", *STATE_AFTER, "decommission"])
    asked = parser.parse_args()
    if os.environ.get("SOLVENT_RESOURCE"):
        sys.exit("this preset adopts nothing by name: write the Kustomization's name as the target")
    asked.path = asked.path.rstrip("/")
    name, limit = os.environ["SOLVENT_TARGET"], f"--timeout={asked.wait_s}s"
    if asked.action == "observe":
        seen = found(name, asked.namespace)
        print(json.dumps(observation(seen, asked.path) if seen else {"state": "absent"}))
        return
    if asked.action == "decommission":
        removal = ("delete", RESOURCE, name, "-n", asked.namespace, "--ignore-not-found")
        tried = kubectl(*removal, "--dry-run=server")
        if tried.returncode != 0:
            refuse(tried)
        acted = kubectl(*removal, "--wait=true", limit)
        if acted.returncode != 0:
            unknown()
        return
    text = manifest(name, asked, STATE_AFTER[asked.action])
    if (
        tried := kubectl("apply", "--server-side", "--field-manager=solvent", "--dry-run=server", "-f", "-", told=text)
    ).returncode != 0:
        refuse(tried)
    acted = kubectl("apply", "--server-side", "--field-manager=solvent", "-f", "-", told=text)
    if (
        acted.returncode != 0
        or kubectl("wait", RESOURCE, name, "-n", asked.namespace, "--for=condition=Ready", limit).returncode != 0
    ):
        unknown()


if __name__ == "__main__":
    main()
