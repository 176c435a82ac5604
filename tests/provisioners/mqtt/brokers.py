"""Real brokers, each a process that can be stopped and started again on its port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

AMQTT_SERVER = Path(__file__).with_name("amqtt_server.py")


class BrokerProcess:
    """A broker on a port of its own."""

    def __init__(self, *command: str, port: int) -> None:
        """`command` says on standard error that it is running."""
        self.port = port
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start, and wait until it says that it is running."""
        process = subprocess.Popen(self._command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if "running" in line:
                break
        else:
            process.wait()
            raise AssertionError(f"the broker did not start: {said}")
        # Nobody reads on otherwise, and a full pipe would stop the broker.
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        self._process = process

    def stop(self) -> None:
        """Kill it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _drain(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    with process.stderr:
        for _ in process.stderr:
            pass


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def mosquitto(directory: Path, *lines: str) -> BrokerProcess:
    """Mosquitto with lines of configuration after its listener; anonymous where there are none."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("needs the broker mosquitto: apt-get install mosquitto")
    port = free_port()
    file = directory / "mosquitto.conf"
    text = [f"listener {port} 127.0.0.1", "user root", "set_tcp_nodelay true", *(lines or ("allow_anonymous true",))]
    file.write_text("\n".join(text) + "\n")
    return BrokerProcess(program, "-c", str(file), port=port)


def amqtt() -> BrokerProcess:
    """The broker of the package amqtt, which speaks MQTT 3.1.1 only."""
    port = free_port()
    return BrokerProcess(sys.executable, "-W", "ignore", str(AMQTT_SERVER), str(port), port=port)
