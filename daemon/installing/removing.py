"""The uninstall: what the manifest names, as far as nobody has changed it since. Never the state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from daemon.installing.faults import InstallFailedError
from daemon.installing.manifest import Manifest
from daemon.installing.places import Places
from daemon.installing.rendering import UNITS
from daemon.installing.systemctl import Run, SystemctlError


class Removal(msgspec.Struct, frozen=True):
    """What an uninstall takes away, and what it leaves with the reason."""

    commands: tuple[tuple[str, ...], ...]
    files: tuple[Path, ...]
    left: tuple[str, ...]
    folders: tuple[Path, ...]
    """Taken away where they are empty then."""


def plan_removal(places: Places, manifest: Manifest) -> Removal:
    """What is to be done. Raises `OSError` for a file that cannot be read."""
    files: list[Path] = []
    left: list[str] = []
    for path in map(Path, manifest.files):
        try:
            same = manifest.wrote(path, places.written(path).read_bytes())
        except FileNotFoundError:
            continue
        if same:
            files.append(path)
        else:
            left.append(f"{path}: it was changed since it was written")
    left += [f"{path}: a drop-in of yours" for path in _drop_ins(places)]
    if places.written(places.state).exists():
        left.append(f"{places.state}: the journal and the backups; remove it by hand if you never want to return")
    return Removal(
        commands=_commands(places, manifest),
        files=(*files, places.manifest),
        left=tuple(left),
        folders=tuple(Path(each) for each in reversed(manifest.folders)),
    )


def _commands(places: Places, manifest: Manifest) -> tuple[tuple[str, ...], ...]:
    """Stopped as well as disabled: what was started by a timer is ours too. An image has nothing that runs."""
    there = [path.name for path in map(Path, manifest.files) if places.written(path).exists()]
    units = sorted((name for name in there if name in UNITS), key=lambda name: not name.endswith(".timer"))
    enabled = [name for name in manifest.enabled if name in there]
    stop = [(*places.systemctl, "stop", *units)] if units and places.root is None else []
    return (*stop, *([(*places.systemctl, "disable", *enabled)] if enabled else []))


def _drop_ins(places: Places) -> list[Path]:
    return sorted(
        places.units / each.parent.name / each.name for each in places.written(places.units).glob("solvent*.d/*.conf")
    )


def remove(removal: Removal, places: Places, run: Run, say: Callable[[str], None]) -> None:
    """Carry it out, telling each step. Raises `InstallFailedError`; the next attempt does the rest."""
    try:
        for command in removal.commands:
            run(command)
            say(f"ran {' '.join(command)}")
        for path in removal.files:
            places.written(path).unlink(missing_ok=True)
            say(f"removed {path}")
        for folder in removal.folders:
            if _is_empty(places.written(folder)):
                places.written(folder).rmdir()
                say(f"removed {folder}")
        if places.root is None:
            run((*places.systemctl, "daemon-reload"))
    except (OSError, SystemctlError) as error:
        raise InstallFailedError(
            f"{error}\nThe rest was not removed: mend this and say `solvent uninstall` again."
        ) from error


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
