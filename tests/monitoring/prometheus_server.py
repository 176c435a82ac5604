"""A real Prometheus with the shipped rules, asked over its HTTP API."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Final, Self

import yaml

from tests.monitoring.alert_case import RULES
from tests.processes.waiting import until

PROGRAM: Final = shutil.which("prometheus")
EVERY: Final = "500ms"


class PrometheusServer:
    """Scrapes one address; a context manager that leaves no process behind."""

    def __init__(self, directory: Path, target: str) -> None:
        """Write its configuration: the shipped example with this target, looked at more often."""
        directory.mkdir()
        self._directory = directory
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{chosen.getsockname()[1]}"
        for name in ("alerts.yaml", "recording.yaml"):
            text = (RULES / name).read_text(encoding="utf-8")
            (directory / name).write_text(text.replace("interval: 1m", f"interval: {EVERY}"), encoding="utf-8")
        config = yaml.safe_load((RULES / "scrape.yaml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": EVERY, "evaluation_interval": EVERY, "scrape_timeout": EVERY}
        config["scrape_configs"] = config["scrape_configs"][:1]
        config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
        del config["alerting"]
        (directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        self._log = directory / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        options = {
            "config.file": self._directory / "prometheus.yml",
            "storage.tsdb.path": self._directory / "data",
            "web.listen-address": self._address,
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, *(f"--{name}={value}" for name, value in options.items())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(self._is_ready, "Prometheus to be ready")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(30)

    def names(self) -> set[str]:
        """The names of all series that it ever got."""
        return set(self._asked("label/__name__/values"))

    def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health, and the last error where there was one."""
        return [rule for group in self._asked("rules")["groups"] for rule in group["rules"]]

    def raised(self) -> set[str]:
        """The alerts that are pending or firing."""
        return {rule["name"] for rule in self.rules() if rule.get("alerts")}

    def value(self, expression: str) -> float | None:
        """The one value that an expression has now; None for none."""
        found = self._asked("query", query=expression)["result"]
        return float(found[0]["value"][1]) if found else None

    def _asked(self, path: str, **fields: str) -> Any:
        url = f"http://{self._address}/api/v1/{path}?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def _is_ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"Prometheus ended: {self._log.read_text(errors='replace')[-2_000:]}")
        try:
            with urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=5):
                return True
        except OSError:
            return False
