"""The three words in which every adapter reports that an outside call did not end as *done*."""

from __future__ import annotations

import math
from typing import Final

RETRY_AFTER_S_MAX: Final = 3_600.0
"""What a provider wishes beyond an hour is asked again after one: a slip of its clock must not stop us for years."""


class CallError(Exception):
    """An outside call that was not done. `reason` is a sentence for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Transient(CallError):
    """Refused for now: nothing was changed, and trying again may help, not before `retry_after_s` (an hour at most)."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = _bounded(retry_after_s)


class Permanent(CallError):
    """Refused for good: nothing was changed, and trying again cannot help."""


class Ambiguous(CallError):
    """Unknown: it may or may not have been done. Ask the provider for the token; never repeat blindly."""


def _bounded(seconds: float | None) -> float | None:
    """Between 0 and an hour; what is no number says nothing."""
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_S_MAX)
