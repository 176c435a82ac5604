from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "solvent.service"
EXPOSURE_MAX = 15
"""In tenths: 1.5 of 10. The unit has 1.2; a bare one has 9.6."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the unit was not verified"
)


def service() -> dict[str, str]:
    """The unit's [Service] section; of a key given twice the last one."""
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy that starts a program which exists on this machine."""
    copy = tmp_path / "solvent.service"
    text = UNIT.read_text(encoding="utf-8")
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text), encoding="utf-8")
    return copy


def analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The result of `systemd-analyze`."""
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@needs_systemd
def test_systemd_knows_every_line_of_the_unit(unit: Path) -> None:
    """`systemd-analyze verify` has nothing to say about the unit."""
    result = analyzed("verify", "--man=no", str(unit))

    about_us = [line for line in result.stderr.splitlines() if unit.name in line]
    assert (0, []) == (result.returncode, about_us)


@needs_systemd
def test_the_service_is_hardly_exposed(unit: Path) -> None:
    """`systemd-analyze security` rates the unit at 1.5 of 10 or better."""
    result = analyzed("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(unit))

    assert 0 == result.returncode, result.stdout[-400:]


def test_process_metrics_stay_readable() -> None:
    """The unit keeps /proc/stat: with ProcSubset=pid the process metrics vanish without a word."""
    assert "ProcSubset" not in service()


def test_only_the_daemon_is_asked_to_stop() -> None:
    """SIGTERM goes to the daemon alone, which stops its children itself, in less time than systemd waits."""
    unit = service()

    assert ("mixed", "SIGTERM") == (unit["KillMode"], unit["KillSignal"])
    assert int(unit["TimeoutStopSec"]) > 30


def test_a_crash_loop_is_bounded() -> None:
    """A daemon that keeps failing is not started for ever."""
    text = UNIT.read_text(encoding="utf-8")

    assert "on-failure" == service()["Restart"]
    assert re.search(r"(?m)^StartLimitBurst=\d+$", text)
    assert re.search(r"(?m)^StartLimitIntervalSec=[1-9]\d*$", text)


def test_the_http_port_is_not_open_to_the_network() -> None:
    """The shipped command line listens on the loopback address only."""
    assert "--http 127.0.0.1:9327" in service()["ExecStart"]
