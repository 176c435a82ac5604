"""The Lua scripts that Redis runs, each atomic; the files say what they take and reply."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

RECORD_KEPT_MS: Final = 400 * 86_400_000
"""How long a month's spent sum outlives its last change, to compare a year's bill. `spend.lua` repeats it."""


def _script(name: str) -> str:
    return (files(__package__ or "") / name).read_text(encoding="utf-8")


SPEND: Final = _script("spend.lua")
"""The application's own: see the head of the file."""
STEP: Final = _script("step.lua")
RECONCILE: Final = _script("reconcile.lua")
