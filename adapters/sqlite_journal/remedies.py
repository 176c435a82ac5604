"""What a person can do about SQLite's errors."""

from __future__ import annotations

import shlex
from pathlib import Path


def remedy(error: BaseException, path: Path) -> str:
    """What to do for a file that cannot be written; '' where SQLite's words do not tell."""
    words, folder = str(error), shlex.quote(str(path.parent))
    if "is full" in words:
        return f"Make room on its file system (`df -h {folder}`, `df -i {folder}`), then start again"
    if "is locked" in words:
        return f"End what holds the file (`fuser {shlex.quote(str(path))}`), then start again"
    return ""
