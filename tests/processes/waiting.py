"""Waiting for what must become true: asked again and again until a deadline, never a fixed sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Literal, TypeVar

PATIENCE_S: Final = 60.0
"""How long a busy machine may take; a test that passes never waits so long."""
POLL_S: Final = 0.02

Found = TypeVar("Found")


def until(condition: Callable[[], Found | Literal[False] | None], what: str, within_s: float = PATIENCE_S) -> Found:
    """What the condition answers once that is truthy; raises `AssertionError` naming what was waited for."""
    give_up_at = time.monotonic() + within_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > give_up_at:
            raise AssertionError(f"waited {within_s:g} s in vain for {what}; the last answer was {found!r}")
        time.sleep(POLL_S)
