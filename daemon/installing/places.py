"""Where a system service's and a user service's files are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from daemon.installing.faults import InstallRefusedError

SETTINGS_NAME: Final = "solvent.toml"
MANIFEST_NAME: Final = "installed.json"
SYSTEM_STATE: Final = "/var/lib/solvent"
UNSEEN: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - named, not used
"""Folders that a hardened unit cannot see: ProtectHome and PrivateTmp."""


class Places(msgspec.Struct, frozen=True):
    """The paths of one installation. `root` stands before those that are written, never inside what is written."""

    user: bool
    units: Path
    settings: Path
    state: Path
    root: Path | None = None

    @property
    def manifest(self) -> Path:
        """Beside the settings."""
        return self.settings.with_name(MANIFEST_NAME)

    def written(self, path: Path) -> Path:
        """Where a path is written: the same, or below the root of an image.

        Raises `InstallRefusedError` where a symbolic link would lead out of the image, onto this machine.
        """
        if self.root is None:
            return path
        written = self.root / path.relative_to("/")
        try:
            real = written.resolve()
        except (OSError, RuntimeError) as loop:
            raise InstallRefusedError(f"{written} cannot be followed: {loop}. Nothing was changed.") from None
        if not real.is_relative_to(self.root.resolve()):
            raise InstallRefusedError(
                f"{written} leads by a symbolic link to {real}, outside of {self.root}: make the link relative, or "
                "install from within the image. Nothing was changed."
            )
        return written

    @property
    def systemctl(self) -> tuple[str, ...]:
        """The words before every command of systemctl."""
        if self.user:
            return ("systemctl", "--user")
        return ("systemctl",) if self.root is None else ("systemctl", f"--root={self.root}")


def system_places(root: Path | None = None) -> Places:
    """A service of the machine."""
    return Places(
        user=False,
        units=Path("/etc/systemd/system"),
        settings=Path("/etc/solvent") / SETTINGS_NAME,
        state=Path(SYSTEM_STATE),
        root=None if root is None else root.absolute(),
    )


def user_places(environ: Mapping[str, str]) -> Places:
    """A service of the person who asks. Raises `InstallRefusedError` where there is no home."""
    config = _folder(environ, "XDG_CONFIG_HOME", ".config")
    return Places(
        user=True,
        units=config / "systemd" / "user",
        settings=config / "solvent" / SETTINGS_NAME,
        state=_folder(environ, "XDG_STATE_HOME", ".local/state") / "solvent",
    )


def _folder(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    """A relative path in one of the variables is to be ignored (XDG Base Directory Specification)."""
    named = environ.get(variable, "")
    if named.startswith("/"):
        return Path(named)
    home = environ.get("HOME", "")
    if not home.startswith("/"):
        raise InstallRefusedError(f"neither {variable} nor HOME is set: say where your files are")
    return Path(home) / below_home


def unseen_by_the_unit(paths: Mapping[str, Path]) -> list[str]:
    """Sentences for what a system unit needs and could not see, by what it is."""
    return [
        f"{name} is {path}, below {folder}"
        for name, path in paths.items()
        for folder in UNSEEN
        if path.is_relative_to(folder)
    ]
