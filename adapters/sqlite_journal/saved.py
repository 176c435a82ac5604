"""What was saved of a journal that was taken away while it was open: its name, and the command that puts it back."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

_NUMBERS: Final = re.compile(r"\.saved-(\d{1,18})(?:-(\d{1,9}))?", re.ASCII)


def saved_name(path: Path, sequence: int) -> Path:
    """A name beside the journal that nothing has: what was saved before is worth keeping."""
    return _free(path.with_name(f"{path.name}.saved-{sequence}"))


def saved_last(path: Path) -> Path | None:
    """What was saved of the journal with the most events; None where nothing was."""
    found: dict[tuple[int, int], Path] = {}
    for each in path.parent.glob(f"{path.name}.saved-*"):
        numbers = _NUMBERS.fullmatch(each.name.removeprefix(path.name))
        if numbers is not None:
            found[int(numbers[1]), int(numbers[2] or 1)] = each
    return found[max(found)] if found else None


def events_saved(saved: Path) -> int:
    """Up to which event it goes, by its name."""
    return int(saved.name.rpartition(".saved-")[2].partition("-")[0])


def command_back(path: Path, saved: Path) -> str:
    """What puts it back in a shell.

    What has the journal's names now is moved into a folder: the log of another file would be replayed over it.
    """
    present = [each for end in ("", "-wal", "-shm") if (each := path.with_name(f"{path.name}{end}")).exists()]
    commands = [["mv", str(saved), str(path)]]
    if present:
        aside = _free(path.with_name("aside"))
        commands[:0] = [["mkdir", str(aside)], ["mv", *map(str, present), str(aside)]]
    return " && ".join(shlex.join(each) for each in commands)


def _free(target: Path) -> Path:
    number, free = 1, target
    while free.exists():
        number += 1
        free = target.with_name(f"{target.name}-{number}")
    return free
