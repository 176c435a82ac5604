"""Whether a program may be run: nobody but root and the daemon's own user can have written it.

What moves money must not be a file that any user of the machine can change. The program, every argument that names a
file, and each folder on the way are looked at: who may write a folder may put another file in a file's place.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from machines.ports.faults import Permanent

SHEBANG_BYTES_MAX: Final = 256


def require_trusted(argv: Sequence[str], environment: Mapping[str, str], working_directory: str | None) -> None:
    """Raise `Permanent` with the file at fault and what mends it; a program that is not there is not judged."""
    folder = Path(working_directory or os.curdir)
    looked_at = list(_files(argv, environment.get("PATH", os.defpath), folder))
    if working_directory is not None:
        looked_at.append(folder)
    for path in looked_at:
        fault = fault_of(path, os.geteuid())
        if fault:
            raise Permanent(fault)


def fault_of(path: Path, user_id: int) -> str:
    """Why a file is not to be trusted, and the command that mends it; "" where it is, or is not there.

    A link is looked at where it stands and where it leads.
    """
    try:
        places = dict.fromkeys((*_ways(path.absolute()), *_ways(path.resolve(strict=True))))
        for place in places:
            if fault := _fault(place, place.lstat(), user_id):
                return fault
    except OSError:
        return ""  # not there, or not to be looked at: starting it says why
    return ""


def _files(argv: Sequence[str], search: str, folder: Path) -> Iterator[Path]:
    """The program as it will be found, and the arguments that name a file."""
    program = argv[0]
    found = str(folder / program) if os.sep in program else shutil.which(program, path=search)
    if found is not None:
        yield Path(found)
        yield from _interpreter(Path(found), search)
    for argument in argv[1:]:
        if _is_file(folder / argument):
            yield folder / argument


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False  # an argument that could not be a path


def _interpreter(program: Path, search: str) -> Iterator[Path]:
    """What a script names behind `#!`, and what `env` then finds."""
    try:
        with program.open("rb") as file:
            line = file.read(SHEBANG_BYTES_MAX).partition(b"\n")[0]
    except OSError:
        return
    words = line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
    for word in words[:2]:
        found = word if os.sep in word else shutil.which(word, path=search)
        if found is not None:
            yield Path(found)


def _ways(path: Path) -> Iterator[Path]:
    yield path
    yield from path.parents


def _fault(path: Path, facts: os.stat_result, user_id: int) -> str:
    if stat.S_ISLNK(facts.st_mode):
        return ""  # whoever may change it is told by its folder; its own mode means nothing
    if facts.st_uid not in (0, user_id):
        return (
            f"{path} belongs to uid {facts.st_uid}: a program that solvent runs belongs to root or to solvent's own "
            f"user (uid {user_id}), so that nobody else can change it; chown root {path}"
        )
    if facts.st_mode & stat.S_IWGRP and facts.st_gid not in (0, os.getegid()):
        return f"{path} can be written by the group {facts.st_gid}, and solvent runs it; chmod g-w {path}"
    sticky_folder = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
    if facts.st_mode & stat.S_IWOTH and not sticky_folder:
        return f"{path} can be written by every user of this machine, and solvent runs it; chmod o-w {path}"
    return ""
