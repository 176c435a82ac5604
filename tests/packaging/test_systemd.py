from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from daemon.installing.places import Places, system_places, user_places
from daemon.installing.rendering import UNITS, unit_texts
from daemon.kernel.beating import BEAT_EVERY_S_MAX

ROOT = Path(__file__).resolve().parents[2]
EXPOSURE_MAX = 15
"""In tenths: 1.5 of 10. The units have 1.1; a bare one has 9.6."""
COMMAND = Path("/opt/solvent/.venv/bin/solvent")
SYSTEM = system_places()
USER = user_places({"HOME": "/srv/ana"})
SERVICES = [name for name in UNITS if name.endswith(".service")]

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: the units were not verified"
)


def service(unit: str = "solvent.service", places: Places = SYSTEM) -> dict[str, str]:
    """The unit's [Service] section; of a key given twice the last one."""
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit_texts(places, COMMAND)[unit])
    return dict(parser["Service"])


def written(folder: Path, places: Places) -> list[Path]:
    """The units, with a program that exists on this machine."""
    paths = []
    for name, text in unit_texts(places, COMMAND).items():
        paths.append(folder / name)
        paths[-1].write_text(text.replace(str(COMMAND), str(shutil.which("true"))), encoding="utf-8")
    return paths


def analyzed(*arguments: str, runtime: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The result of `systemd-analyze`; a user's manager asks for a runtime folder."""
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)} if runtime else None,
    )


@needs_systemd
@pytest.mark.parametrize("places", [SYSTEM, USER], ids=["system", "user"])
def test_systemd_knows_every_line_of_the_units(tmp_path: Path, places: Places) -> None:
    """`systemd-analyze verify` has nothing to say about any unit, a machine's or a user's."""
    units = written(tmp_path, places)
    manager = "--user" if places.user else "--system"
    result = analyzed(manager, "verify", "--man=no", *map(str, units), runtime=tmp_path)

    about_us = [line for line in result.stderr.splitlines() if "solvent" in line]
    assert (0, []) == (result.returncode, about_us)


@needs_systemd
def test_the_services_are_hardly_exposed(tmp_path: Path) -> None:
    """`systemd-analyze security` rates each service at 1.5 of 10 or better."""
    units = [path for path in written(tmp_path, SYSTEM) if path.suffix == ".service"]
    for unit in units:
        result = analyzed("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(unit))

        assert 0 == result.returncode, result.stdout[-400:]


@pytest.mark.parametrize("unit", SERVICES)
def test_process_metrics_stay_readable(unit: str) -> None:
    """The units keep /proc/stat: with ProcSubset=pid the process metrics vanish without a word."""
    assert "ProcSubset" not in service(unit)


def test_only_the_daemon_is_asked_to_stop() -> None:
    """SIGTERM goes to the daemon alone, which stops its children itself, in less time than systemd waits."""
    unit = service()

    assert ("mixed", "SIGTERM") == (unit["KillMode"], unit["KillSignal"])
    assert int(unit["TimeoutStopSec"]) > 30


def test_the_watchdog_is_more_patient_than_any_root() -> None:
    """It waits three times as long as a root may be silent: its beat, and one question to an actor."""
    question_s = 60

    assert int(service()["WatchdogSec"]) >= 2 * (BEAT_EVERY_S_MAX + question_s)
    assert ("notify", "main") == (service()["Type"], service()["NotifyAccess"])


@pytest.mark.parametrize("places", [SYSTEM, USER], ids=["system", "user"])
def test_a_crash_loop_is_bounded(places: Places) -> None:
    """A daemon that keeps failing is not started for ever."""
    text = unit_texts(places, COMMAND)["solvent.service"]

    assert "on-failure" == service(places=places)["Restart"]
    assert re.search(r"(?m)^StartLimitBurst=\d+$", text)
    assert re.search(r"(?m)^StartLimitIntervalSec=[1-9]\d*$", text)


def test_no_secret_has_to_stand_in_a_unit() -> None:
    """The settings are handed over by systemd, which reads them as root, and secrets can come the same way."""
    assert "solvent.toml:/etc/solvent/solvent.toml" == service()["LoadCredential"]
    assert "--settings ${CREDENTIALS_DIRECTORY}/solvent.toml" in service()["ExecStart"]


def test_timers_make_up_for_a_machine_that_was_off() -> None:
    """A backup an hour and a drill a week, also after a night in which nothing ran."""
    texts = unit_texts(SYSTEM, COMMAND)

    assert all("Persistent=yes" in texts[name].splitlines() for name in UNITS if name.endswith(".timer"))
    assert "OnCalendar=hourly" in texts["solvent-backup.timer"]
    assert "backup drill" in service("solvent-drill.service")["ExecStart"]


def test_the_wheel_carries_the_units() -> None:
    """What stands in `systemd/` of the source is put where an installed solvent looks for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    placed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert {"systemd": "daemon/installing/units"} == placed
    assert {*UNITS, "hardening.conf", "solvent.toml"} == {path.name for path in (ROOT / "systemd").iterdir()}


def test_the_log_of_the_daemon_has_its_own_name() -> None:
    """`journalctl -t solvent` is the daemon alone; what it says without a level is an error."""
    assert ("solvent", "err") == (service()["SyslogIdentifier"], service()["SyslogLevel"])
    assert "solvent-backup" == service("solvent-backup.service")["SyslogIdentifier"]
