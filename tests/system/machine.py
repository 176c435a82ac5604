"""A Debian that boots in a container of systemd-nspawn, from a root that debootstrap made once and that stays clean."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

SUITE: Final = "bookworm"
WALKED: Final = ("python3-venv", "make", "redis-server", "jq", "curl")
"""What the walk of docs/operating.md installs."""
PACKAGES: Final = ("systemd", "systemd-sysv", "libpam-systemd", "dbus", "python3", *WALKED)
PROGRAMS: Final = ("debootstrap", "systemd-nspawn", "nsenter")
BOOT_TIMEOUT_S: Final = 90
COMMAND_TIMEOUT_S: Final = 300
CGROUPS: Final = ("/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup")


class CannotRunError(Exception):
    """This machine cannot boot another one; the message says what is missing."""


def require_everything() -> None:
    """Raise `CannotRunError` where something is missing."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        raise CannotRunError("it boots a machine of its own and must be run as root on Linux")
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        raise CannotRunError(f"{', '.join(missing)} not found: apt install debootstrap systemd-container util-linux")
    mirror()


def mirror() -> str:
    """The Debian mirror that this machine's own apt uses."""
    sources = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for source in sources:
        text = source.read_text(encoding="utf-8") if source.is_file() else ""
        for stanza in re.split(r"\n\s*\n", text):
            uri = re.search(r"(?m)^URIs:\s*(\S+)", stanza)
            suites = re.search(r"(?m)^Suites:(.*)", stanza)
            if uri and suites and SUITE in suites[1].split():
                return uri[1]
        line = re.search(rf"(?m)^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+{SUITE}\s", text)
        if line:
            return line[1]
    raise CannotRunError(f"no mirror of Debian {SUITE} in /etc/apt/sources.list*")


def made_root(cache: Path) -> Path:
    """The root in the cache; made where it is missing or has other packages."""
    root, marker = cache / "root", cache / "root.packages"
    wanted = " ".join((SUITE, *PACKAGES))
    if root.is_dir() and marker.is_file() and marker.read_text(encoding="utf-8") == wanted:
        return root
    shutil.rmtree(root, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(root), mirror()]
    subprocess.run(command, check=True, timeout=1_800, stdout=subprocess.DEVNULL)
    marker.write_text(wanted, encoding="utf-8")
    return root


class Machine:
    """A booted machine. What it writes is in memory, and gone when it is off."""

    def __init__(self, root: Path, shared: Path) -> None:
        """`shared` is `/shared` in the machine, to read only."""
        self._root = root
        self._shared = shared
        self._nspawn: subprocess.Popen[bytes] | None = None
        self.leader = 0
        self._hierarchies = {Path(path): _children(path) for path in CGROUPS}

    def __enter__(self) -> Self:
        command = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "--private-network", "--console=pipe"]
        command += [f"--bind-ro={self._shared}:/shared", "--volatile=overlay", "-D", str(self._root), "--boot"]
        self._nspawn = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        try:
            self.leader = until(self._find_leader, "the machine's first process", BOOT_TIMEOUT_S)
            until(self._is_up, "the machine's systemd", BOOT_TIMEOUT_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        nspawn = self._nspawn
        assert nspawn is not None
        if self.leader and nspawn.poll() is None:
            os.kill(self.leader, signal.SIGRTMIN + 4)  # systemd(1): poweroff
        try:
            nspawn.wait(60)
        except subprocess.TimeoutExpired:
            nspawn.kill()
            nspawn.wait(30)
        for hierarchy, before in self._hierarchies.items():
            for name in _children(hierarchy) - before:
                _remove_cgroup(hierarchy / name)

    def run(self, *words: str, check: bool = True, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """The standard output of a command in the machine, without the line break at its end."""
        command = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--", "/usr/bin/env", "-i"]
        command += [
            "PATH=/opt/solvent/.venv/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
            *words,
        ]
        done = subprocess.run(command, capture_output=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL)
        if check and done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise AssertionError(f"`{' '.join(words)}` ended with {done.returncode}:\n{said}")
        return done.stdout.decode(errors="replace").rstrip("\n")

    def sh(self, script: str, *, check: bool = True) -> str:
        """The standard output of a shell script in the machine."""
        return self.run("sh", "-ec", script, check=check)

    def write(self, path: str, text: str) -> None:
        """Write a file in the machine, and its folders."""
        target = Path(f"/proc/{self.leader}/root{path}")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def property(self, unit: str, name: str) -> str:
        """What systemd knows of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit)

    def _find_leader(self) -> int:
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            said = self._nspawn.stderr.read().decode(errors="replace") if self._nspawn.stderr else ""
            raise CannotRunError(f"systemd-nspawn ended: {said.strip()}")
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0]) if children.split() else 0

    def _is_up(self) -> bool:
        return self.run("systemctl", "is-system-running", check=False) in ("running", "degraded")


def until(check: Callable[[], object], what: str, timeout_s: float) -> int:
    """Look until there is something. Real time: the machine has its own."""
    end_s = time.monotonic() + timeout_s
    while not (found := check()):
        if time.monotonic() > end_s:
            raise AssertionError(f"{what} did not come within {timeout_s} s")
        time.sleep(0.1)
    return int(found) if isinstance(found, int) else 1


def _children(path: Path | str) -> set[str]:
    return {each.name for each in Path(path).iterdir() if each.is_dir()} if Path(path).is_dir() else set()


def _remove_cgroup(path: Path) -> None:
    """What nspawn left: empty control groups, the inner ones first."""
    folders: Sequence[Path] = sorted(path.rglob("*"), key=lambda each: -len(each.parts))
    for folder in (*(each for each in folders if each.is_dir()), path):
        try:
            folder.rmdir()
        except OSError:
            return
