"""The Lua scripts that Redis runs, each atomic; the files say what they take and reply."""

from __future__ import annotations

from importlib.resources import files
from typing import Final


def _script(name: str) -> str:
    return (files(__package__ or "") / name).read_text(encoding="utf-8")


STEP: Final = _script("step.lua")
SHOW: Final = _script("show.lua")
