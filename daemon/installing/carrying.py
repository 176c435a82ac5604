"""Carrying an install out: whole, or taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daemon.installing.faults import InstallFailedError
from daemon.installing.places import Places
from daemon.installing.planning import FileToWrite, InstallPlan
from daemon.installing.systemctl import Run, SystemctlError

Undo = tuple[str, Callable[[], None]]


def carry_out(plan: InstallPlan, places: Places, run: Run, say: Callable[[str], None]) -> None:
    """Do what the plan says, telling each step. Raises `InstallFailedError` when it was taken back."""
    undo: list[Undo] = []
    try:
        for folder in plan.folders:
            _make(places.written(folder), undo)
            say(f"made {folder}")
        for file in plan.files:
            _write(places, file, undo)
            say(f"wrote {file.path}" + (f", in place of {file.replaces}" if file.replaces else ""))
        for command in plan.commands:
            if taken_back := _undo_of(command, plan, places):
                undo.append((" ".join(taken_back), partial(run, taken_back)))
            run(command)
            say(f"ran {' '.join(command)}")
    except (OSError, SystemctlError) as error:
        left = _take_back(undo)
        if plan.commands and places.root is None:
            _try(lambda: run((*places.systemctl, "daemon-reload")))
        after = "What was done before it was taken back." if not left else "Not taken back: " + "; ".join(left)
        raise InstallFailedError(f"{_reason(error)}\n{after}") from error


def _reason(error: OSError | SystemctlError) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return str(error)


def _make(folder: Path, undo: list[Undo]) -> None:
    folder.mkdir(mode=0o755)
    undo.append((f"the folder {folder}", folder.rmdir))


def _write(places: Places, file: FileToWrite, undo: list[Undo]) -> None:
    """In one step, so that nobody reads half a unit."""
    target = places.written(file.path)
    before = (target.read_bytes(), target.stat().st_mode & 0o7777) if target.exists() else None
    put(target, file.data, file.mode)
    if before is None:
        undo.append((f"the file {target}", target.unlink))
    else:
        undo.append((f"the former {target}", lambda: put(target, *before)))


def put(target: Path, data: bytes, mode: int) -> None:
    """Replace a file in one step. Raises `OSError`, and leaves nothing then."""
    fresh = target.with_name(f".{target.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _undo_of(command: tuple[str, ...], plan: InstallPlan, places: Places) -> tuple[str, ...]:
    if "enable" in command:
        return (*places.systemctl, "disable", *plan.enables)
    if "start" in command:
        return (*places.systemctl, "stop", *plan.enables) if plan.enables else ()
    return ()


def _take_back(undo: list[Undo]) -> list[str]:
    """The last first; what could not be taken back, in words."""
    return [f"{what} ({error})" for what, back in reversed(undo) if (error := _try(back)) is not None]


def _try(action: Callable[[], None]) -> Exception | None:
    try:
        action()
    except (OSError, SystemctlError) as error:
        return error
    return None
