"""A machine to install into: folders of a test, and a systemctl on PATH that notes what it is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli.install import install_command, uninstall_command

SYSTEMCTL = """\
#!/bin/sh
echo "$*" >> "$SYSTEMCTL_CALLS"
for word in "$@"; do [ "$word" = is-enabled ] && [ ! -e "$SYSTEMCTL_ENABLED" ] && exit 1; done
case " $* " in *" $SYSTEMCTL_FAILS "*) echo "Failed as asked: $*" >&2; exit 1;; esac
case " $* " in *" enable "*) touch "$SYSTEMCTL_ENABLED";; *" disable "*) rm -f "$SYSTEMCTL_ENABLED";; esac
exit 0
"""
UNITS = (
    "solvent-backup.service",
    "solvent-backup.timer",
    "solvent-drill.service",
    "solvent-drill.timer",
    "solvent.service",
)


class Target:
    """A home for a user's service. What is installed there is what a test looks at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = folder / "home"
        self.config = self.home / ".config"
        self.units = self.config / "systemd" / "user"
        self.settings = self.config / "solvent" / "solvent.toml"
        self.state = self.home / ".local" / "state" / "solvent"
        self._calls = folder / "calls"
        self._monkeypatch = monkeypatch
        programs = folder / "programs"
        programs.mkdir(parents=True)
        self.home.mkdir()
        (programs / "systemctl").write_text(SYSTEMCTL, encoding="utf-8")
        (programs / "systemctl").chmod(0o755)
        for variable, value in {
            "HOME": str(self.home),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "SYSTEMCTL_CALLS": str(self._calls),
            "SYSTEMCTL_ENABLED": str(folder / "enabled"),
            "SYSTEMCTL_FAILS": "nothing",
        }.items():
            monkeypatch.setenv(variable, value)
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(variable, raising=False)

    def install(self, *options: str, code: int = 0) -> Result:
        """`solvent install --user`."""
        return self._run(install_command, ("--user", *options), code)

    def uninstall(self, *options: str, code: int = 0) -> Result:
        """`solvent uninstall --user`."""
        return self._run(uninstall_command, ("--user", *options), code)

    def fail_at(self, command: str) -> None:
        """From now on systemctl refuses this command."""
        self._monkeypatch.setenv("SYSTEMCTL_FAILS", command)

    def calls(self) -> list[str]:
        """What systemctl was asked to change since the last look, without questions."""
        asked = self._calls.read_text(encoding="utf-8").splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return [line.removeprefix("--user ") for line in asked if "is-enabled" not in line]

    def files(self) -> Mapping[str, bytes]:
        """Every file of the home by its path in it."""
        return {
            path.relative_to(self.home).as_posix(): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file()
        }

    def _run(self, command: object, options: Sequence[str], code: int) -> Result:
        result = CliRunner().invoke(command, list(options))  # type: ignore[arg-type]
        assert code == result.exit_code, result.output + repr(result.exception)
        return result
