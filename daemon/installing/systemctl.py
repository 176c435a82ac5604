"""The one program that an install calls."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from daemon.installing.faults import InstallRefusedError
from daemon.installing.places import Places
from daemon.installing.rendering import ENABLED

CALL_TIMEOUT_S: Final = 600
"""A start waits for the recovery of a long journal; one that takes longer goes on without us."""


class SystemctlError(Exception):
    """systemctl did not do what it was asked; the message has the command and its own words."""


Run = Callable[[Sequence[str]], None]


def run(command: Sequence[str]) -> None:
    """Run one command of systemctl. Raises `SystemctlError`."""
    said = " ".join(command)
    try:
        done = subprocess.run(  # noqa: S603 - words of our own, and no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CALL_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        raise SystemctlError(f"`{said}` cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SystemctlError(f"`{said}` did not end within {CALL_TIMEOUT_S} s") from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or "no reason given"
        raise SystemctlError(f"`{said}` ended with {done.returncode}: {words}")


def require_systemctl() -> None:
    """Raise `InstallRefusedError` where there is no systemd to install into."""
    if shutil.which("systemctl") is None:
        raise InstallRefusedError("there is no systemctl on PATH: this machine is not run by systemd")


def enabled_units(places: Places) -> Mapping[str, bool]:
    """Which of our units are enabled now; what cannot be asked is taken for not enabled."""

    def is_enabled(unit: str) -> bool:
        try:
            run((*places.systemctl, "is-enabled", "--quiet", unit))
        except SystemctlError:
            return False
        return True

    return {unit: is_enabled(unit) for unit in ENABLED}
