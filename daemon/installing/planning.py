"""What an install would write and run, reckoned before anything is touched."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from daemon.installing.faults import InstallRefusedError
from daemon.installing.manifest import Manifest, manifest_bytes, read_manifest
from daemon.installing.places import Places
from daemon.installing.rendering import ENABLED, starter_settings, unit_texts

UNIT_MODE = 0o644
SETTINGS_MODE = 0o640
DIFFERENCE_LINES_MAX = 60


class FileToWrite(msgspec.Struct, frozen=True):
    """One file, whole."""

    path: Path
    data: bytes
    mode: int
    replaces: str = ""
    """What stands there now and goes: "an older version", "your changes"; empty where nothing does."""


class InstallPlan(msgspec.Struct, frozen=True):
    """Everything that an install does, in its order."""

    folders: tuple[Path, ...]
    """To be made, the outer ones first."""
    files: tuple[FileToWrite, ...]
    kept: tuple[str, ...]
    """Sentences about what stays as it is."""
    commands: tuple[tuple[str, ...], ...]
    enables: tuple[str, ...]
    """Units that are not enabled yet."""
    manifest: Manifest

    @property
    def changes_nothing(self) -> bool:
        """Whether everything stands already."""
        return not (self.folders or self.files or self.commands)


def plan_install(
    places: Places, command: Path, version: str, *, is_enabled: Mapping[str, bool], force: bool, now: bool
) -> InstallPlan:
    """What is to be done. Raises `InstallRefusedError` where a person's file would be overwritten."""
    before = read_manifest(places.written(places.manifest)) or Manifest()
    files, kept = _unit_files(places, command, before, force=force)
    if places.written(places.settings).exists():
        kept.append(f"{places.settings} exists and is left as it is")
    else:
        files.insert(0, FileToWrite(places.settings, starter_settings(places).encode(), SETTINGS_MODE))
    folders = _missing_folders(places)
    enables = tuple(unit for unit in ENABLED if not is_enabled.get(unit, False))
    written = before
    for each in files:
        written = msgspec.structs.replace(written, files=written.with_file(each.path, each.data))
    manifest = Manifest(
        version=version,
        files=written.files,
        folders=tuple(dict.fromkeys((*before.folders, *map(str, folders)))),
        enabled=tuple(dict.fromkeys((*before.enabled, *enables))),
    )
    renewed = any(each.path.parent == places.units for each in files)
    if manifest != before:  # before what it names: an install that is killed can be taken back
        files.insert(0, FileToWrite(places.manifest, manifest_bytes(manifest), 0o644))
    return InstallPlan(
        folders, tuple(files), tuple(kept), _commands(places, enables, renewed=renewed, now=now), enables, manifest
    )


def _unit_files(places: Places, command: Path, before: Manifest, *, force: bool) -> tuple[list[FileToWrite], list[str]]:
    files: list[FileToWrite] = []
    kept: list[str] = []
    edited: list[str] = []
    for name, text in unit_texts(places, command).items():
        path, data = places.units / name, text.encode()
        stands = _read(places.written(path))
        if stands == data:
            kept.append(f"{path} is up to date")
        elif stands is None:
            files.append(FileToWrite(path, data, UNIT_MODE))
        elif before.wrote(path, stands):
            files.append(FileToWrite(path, data, UNIT_MODE, replaces="an older version"))
        elif force:
            files.append(FileToWrite(path, data, UNIT_MODE, replaces="a file that was changed by hand"))
        else:
            edited.append(_difference(path, stands, data))
    if edited:
        raise InstallRefusedError(
            "\n".join(edited)
            + "\nThese were changed by hand, or not written by this command, and are not overwritten. Move your lines "
            "into a drop-in with `systemctl edit`, or say --force to lose them. Nothing was changed."
        )
    return files, kept


def _difference(path: Path, stands: bytes, data: bytes) -> str:
    """What --force would change, as a unified diff."""
    lines = list(
        difflib.unified_diff(
            stands.decode("utf-8", "replace").splitlines(),
            data.decode().splitlines(),
            f"{path} as it stands",
            f"{path} as it would be written",
            lineterm="",
            n=1,
        )
    )
    more = len(lines) - DIFFERENCE_LINES_MAX
    return "\n".join([*lines[:DIFFERENCE_LINES_MAX], *([f"... and {more} more lines"] if more > 0 else [])])


def _missing_folders(places: Places) -> tuple[Path, ...]:
    missing: dict[Path, None] = {}
    for folder in (places.settings.parent, places.units):
        for each in (*reversed(folder.parents), folder):
            if not places.written(each).exists():
                missing[each] = None
    return tuple(missing)


def _commands(places: Places, enables: tuple[str, ...], *, renewed: bool, now: bool) -> tuple[tuple[str, ...], ...]:
    """An image has no running service manager: there units are enabled and nothing else."""
    commands: list[tuple[str, ...]] = []
    if renewed and places.root is None:
        commands.append((*places.systemctl, "daemon-reload"))
    if enables:
        commands.append((*places.systemctl, "enable", *enables))
    if now and places.root is None:
        commands.append((*places.systemctl, "start", *ENABLED))
    return tuple(commands)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InstallRefusedError(f"{path} cannot be read: {error.strerror}. Nothing was changed.") from error
