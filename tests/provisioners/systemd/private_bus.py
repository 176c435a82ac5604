"""A private D-Bus daemon for tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={directory}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@contextmanager
def private_bus() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process, until the end of the block."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("there is no dbus-daemon: install Debian's package dbus-daemon (or dbus)")
    # A socket's path may have 107 characters: pytest's own directories are longer.
    with tempfile.TemporaryDirectory(prefix="bus") as directory:
        config = Path(directory) / "bus.conf"
        config.write_text(_CONFIG.format(directory=directory))
        command = ["dbus-daemon", f"--config-file={config}", "--print-address", "--nofork", "--nopidfile"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                assert process.stdout is not None
                address = process.stdout.readline().decode().strip()
                yield address.partition(",guid=")[0], process
            finally:
                process.kill()
